#!/usr/bin/env python3
"""What single ops compute in real TensorFlow, as lines of text: writes tests/data/op_vectors.txt.

One case is a block of lines that ends with an empty one:

    case NAME OP [exact]          exact: floats must agree to the last bit
    attr NAME KIND VALUE...       KIND: int float bool string type shape, or ints floats types strings shapes
    var DTYPE SHAPE VALUES...     an input that is a Ref variable with this initial value
    handle DTYPE SHAPE VALUES...  the same as a resource variable
    in DTYPE SHAPE VALUES...      an input; inputs are in the order of the signature, lists in line
    steps N                       runs of one session, 1 unless said
    out DTYPE SHAPE VALUES...     an output (or, with variables, a variable) after each step; those that
                                  TensorFlow leaves undefined are not written
    head DTYPE SHAPE MEAN VALUES  the same, but only its first values and the mean of all

Shapes are [2,3] without blanks; bool is 0 or 1; complex numbers are two values; a string is x and its bytes in
hexadecimal digits.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_library, op_def_registry

v1 = tf.compat.v1
v1.disable_eager_execution()
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "op_vectors.txt")
F, D, H, I, L, U8, B = np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8, np.bool_
nan, inf = np.nan, np.inf
rng = np.random.RandomState(1)
cases, counts = [], {}


class Var:
    """An input that is a variable with this initial value."""

    def __init__(self, value, resource=False):
        self.value, self.resource = np.asarray(value), resource


def case(op, inputs, exact=False, steps=1, head=False, keep=None, **attrs):
    """keep: only so many outputs are defined; TensorFlow leaves the others as they happen to be."""
    counts[op] = counts.get(op, 0) + 1
    inputs = [x if isinstance(x, Var) else np.asarray(x) for x in inputs]
    cases.append((f"{op}/{counts[op]}", op, inputs, attrs, exact, steps, head, keep))


def f(*shape, dt=F, lo=-4, hi=4):
    """Random numbers that are short to print: multiples of 1/8."""
    return (np.round(rng.uniform(lo, hi, shape) * 8) / 8).astype(dt)


def ints(*shape, lo=-9, hi=10, dt=I):
    return rng.randint(lo, hi, shape).astype(dt)


def bools(*shape):
    return rng.rand(*shape) < 0.5


def i32(*v):
    return np.array(v, I)


def vec(v, dt=I):
    return np.array(v, dt)


# --- writing --------------------------------------------------------------------------------------
def number(x, dtype):
    if dtype.kind in "SO":
        return "x" + bytes(x).hex()
    if dtype == np.bool_:
        return "1" if x else "0"
    if np.issubdtype(dtype, np.integer):
        return str(int(x))
    if np.issubdtype(dtype, np.complexfloating):
        part = np.float32 if dtype == np.complex64 else np.float64
        return number(x.real, np.dtype(part)) + " " + number(x.imag, np.dtype(part))
    text = str(dtype.type(x)) # the shortest that reads back as the same number
    return text[:-2] if text.endswith(".0") else text


def dtype_name(dt):
    return tf.as_dtype(dt).name.replace("float32", "float").replace("float64", "double").replace("float16", "half")


def shape_text(s):
    return "[" + ",".join(map(str, s)) + "]"


def tensor_text(a):
    a = np.asarray(a, object if isinstance(a, bytes) else None) # as an array of bytes it would lose zeros at its end
    return " ".join([dtype_name(a.dtype), shape_text(a.shape)] + [number(x, a.dtype) for x in a.ravel()])


def head_text(a):
    a = np.asarray(a)
    first = [number(x, a.dtype) for x in a.ravel()[:10]]
    return " ".join([dtype_name(a.dtype), shape_text(a.shape), "%.17g" % a.astype(D).mean()] + first)


def attr_text(name, value):
    def kind(v):
        if isinstance(v, bool):
            return "bool", "1" if v else "0"
        if isinstance(v, int):
            return "int", str(v)
        if isinstance(v, float):
            return "float", "%.9g" % v
        if isinstance(v, tf.DType):
            return "type", dtype_name(v)
        if isinstance(v, tuple):
            return "shape", shape_text(v)
        return "string", v

    if isinstance(value, list):
        pairs = [kind(v) for v in value]
        return f"attr {name} {pairs[0][0] if pairs else 'int'}s " + " ".join(p[1] for p in pairs)
    return f"attr {name} " + " ".join(kind(value))


# --- running --------------------------------------------------------------------------------------
def variable(v, i):
    """The node to hand to the op, the node that reads, the node that initialises."""
    t = tf.as_dtype(v.value.dtype)
    if v.resource:
        h = tf.raw_ops.VarHandleOp(dtype=t, shape=v.value.shape, shared_name=f"v{i}")
        return h, tf.raw_ops.ReadVariableOp(resource=h, dtype=t), tf.raw_ops.AssignVariableOp(resource=h, value=v.value)
    r = tf.raw_ops.VariableV2(shape=v.value.shape, dtype=t, shared_name=f"v{i}")
    return r, tf.raw_ops.Identity(input=r), tf.raw_ops.Assign(ref=r, value=v.value)


def keywords(op, nodes):
    """The nodes by argument name; list arguments share what the others leave."""
    args = op_def_registry.get(op).input_arg
    lists = sum(1 for a in args if a.number_attr or a.type_list_attr)
    spare = (len(nodes) - len(args) + lists) // max(lists, 1)
    out, at = {}, 0
    for a in args:
        if a.number_attr or a.type_list_attr:
            out[a.name] = nodes[at : at + spare]
            at += spare
        else:
            out[a.name] = nodes[at]
            at += 1
    return out


def defaults(op, given):
    """The attributes that have a default and are neither given nor found out from the inputs."""
    op_def = op_def_registry.get(op)
    inferred = {name for a in op_def.input_arg for name in (a.type_attr, a.number_attr, a.type_list_attr)}
    out = {}
    for a in op_def.attr:
        if a.name in given or a.name in inferred or not a.HasField("default_value"):
            continue
        kind = a.default_value.WhichOneof("value")
        value = getattr(a.default_value, kind)
        if kind == "list":
            value = [x for field in value.ListFields() for x in field[1]]
        out[a.name] = tf.as_dtype(value) if kind == "type" else value
    return out


def run(op, inputs, attrs, steps):
    with tf.Graph().as_default(), v1.Session() as session:
        feeds, nodes, reads = {}, [], []
        for i, x in enumerate(inputs):
            if isinstance(x, Var):
                node, read, init = variable(x, i)
                session.run(init)
                reads.append(read)
            else:
                node = v1.placeholder(x.dtype, x.shape)
                feeds[node] = x
            nodes.append(node)
        made = op_def_library.apply_op(op, **keywords(op, nodes), **defaults(op, attrs), **attrs)
        fetches = tf.nest.flatten(made)
        results = []
        for _ in range(steps):
            got = session.run(fetches, feeds)
            results += session.run(reads) if reads else got
        return results


def write(out, name, op, inputs, attrs, exact, steps, head, keep):
    try:
        results = run(op, inputs, attrs, steps)
    except Exception as e:
        print(f"left out {name}: {str(e).splitlines()[0][:150]}", file=sys.stderr)
        return False
    out.write(f"case {name} {op}{' exact' if exact else ''}\n")
    for key, value in attrs.items():
        out.write(attr_text(key, value) + "\n")
    for x in inputs:
        word = "in" if not isinstance(x, Var) else "handle" if x.resource else "var"
        out.write(f"{word} {tensor_text(x.value if isinstance(x, Var) else x)}\n")
    if steps != 1:
        out.write(f"steps {steps}\n")
    for r in results[:keep]:
        out.write(f"head {head_text(r)}\n" if head else f"out {tensor_text(r)}\n")
    out.write("\n")
    return True


# --- the cases ------------------------------------------------------------------------------------
SPECIAL = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0]
WIDE = [-9.5, -3.25, -1.125, -0.75, 0.125, 0.875, 1.25, 4.5, 8.0]
UNIT = [-0.999, -0.75, -0.125, 0.0, 0.25, 0.5, 0.9375]
POSITIVE = [0.0009765625, 0.125, 0.75, 1.0, 1.25, 7.5, 1e10]
EXACT_UNARY = "Neg Abs Sign Square Floor Ceil Round Rint Relu Relu6".split()


def unary():
    for op in EXACT_UNARY:
        for dt in (F, D):
            case(op, [vec(SPECIAL, dt)], exact=True)
        if op != "Rint":
            case(op, [vec(WIDE, H)], exact=True)
        case(op, [f(0, 3)], exact=True)
        case(op, [F(-2.5)], exact=True)
    for op in "Exp Expm1 Sin Cos Tan Atan Sinh Cosh Tanh Asinh Sigmoid Erf Erfc Elu Selu Softplus Softsign".split():
        for dt in (F, D):
            case(op, [vec(WIDE, dt)])
        case(op, [f(2, 1, 3)])
    for op in "Exp Expm1 Tanh Sigmoid Erf Erfc Elu Selu Softplus Atan".split():
        case(op, [vec([nan, inf, -inf, 0.0, -0.0, 60.0, -60.0], F)])
        case(op, [vec([nan, inf, -inf, 0.0, -0.0, 60.0, -60.0], D)])
    for op in "Sqrt Rsqrt Reciprocal Inv Log Log1p Lgamma Digamma".split():
        for dt in (F, D):
            case(op, [vec(POSITIVE, dt)])
    for op in "Sqrt Log Log1p Reciprocal".split():
        case(op, [vec([nan, inf, -inf, 0.0, -1.0, -2.0], F)])
        case(op, [vec([nan, inf, -inf, 0.0, -1.0, -2.0], D)])
    case("Rsqrt", [vec([nan, inf, 4.0, 0.0, -1.0], D)])
    case("Acosh", [vec([1.0, 1.5, 20.0], F)])
    case("Acosh", [vec([1.0, 1.5, 20.0], D)])
    for op in "Asin Acos Atanh".split():
        for dt in (F, D):
            case(op, [vec(UNIT, dt)])
    for op in "IsNan IsInf IsFinite".split():
        for dt in (F, D, H):
            case(op, [vec(SPECIAL, dt)])
    for op in "Neg Abs Sign Square".split():
        case(op, [vec([0, 5, -7, 2147483647, -2147483648])])
        case(op, [vec([0, 5, -7, 1 << 40, -(1 << 40)], L)])
    case("Relu", [vec([-3, 0, 5])])
    case("Relu6", [vec([-3, 0, 5, 9])])
    for op in ("Exp", "Tanh", "Sqrt", "Sigmoid"):
        case(op, [f(5, dt=H, lo=0, hi=3)])
    case("LogicalNot", [bools(2, 3)])
    case("LeakyRelu", [vec(SPECIAL, F)])
    case("LeakyRelu", [vec(WIDE, D)], alpha=0.5)
    case("CheckNumerics", [f(3)], message="x")
    for op in "TanhGrad SigmoidGrad SqrtGrad RsqrtGrad ReciprocalGrad InvGrad".split():
        for dt in (F, D):
            case(op, [f(2, 3, dt=dt, lo=0.25, hi=1), f(2, 3, dt=dt)])
    for op in "ReluGrad Relu6Grad EluGrad SeluGrad SoftplusGrad SoftsignGrad LeakyReluGrad".split():
        for dt in (F, D):
            case(op, [f(3, 3, dt=dt), f(3, 3, dt=dt, hi=8)])
        case(op, [vec([1, 2, 3], F), vec([0.0, -0.0, 6.0], F)])


def binary():
    shapes = [((), ()), ((3,), ()), ((), (2, 2)), ((2, 3), (3,)), ((4, 1), (1, 3)), ((2, 1, 3), (5, 1)), ((0, 3), (3,))]
    for op in "Add AddV2 Sub Mul Div RealDiv Maximum Minimum SquaredDifference".split():
        exact = True
        for a, b in shapes:
            case(op, [f(*a), f(*b, lo=0.25)], exact=exact)
        case(op, [f(3, 2, dt=D), f(2, dt=D, lo=0.5)], exact=exact)
        case(op, [vec(SPECIAL, F).reshape(-1, 1), vec([nan, inf, -inf, 0.0, 2.0], F)], exact=exact)
        case(op, [f(2, 3, dt=H), f(3, dt=H, lo=1)], exact=exact)
    for op in "Add AddV2 Sub Mul Maximum Minimum SquaredDifference".split():
        case(op, [ints(2, 3), ints(3)])
        case(op, [ints(2, 3, dt=L), ints(2, 1, dt=L)])
    for op in "Add Sub Mul".split():
        case(op, [vec([2147483647, -2147483648]), vec([1, -1])])
    case("Add", [vec([250, 3], U8), vec([10, 4], U8)])
    case("AddV2", [vec([250, 3], U8), vec([10, 4], U8)])
    case("Mul", [vec([250, 3], U8), vec([10, 4], U8)])
    signs = [vec([7, -7, 7, -7, 0]), vec([2, 2, -2, -2, 3])]
    for op in "Div FloorDiv TruncateDiv Mod TruncateMod FloorMod".split():
        case(op, signs)
        case(op, [x.astype(L) for x in signs])
        if op not in ("TruncateDiv",):
            case(op, [x.astype(F) for x in signs])
            case(op, [f(2, 3, dt=D), f(3, dt=D, lo=0.5)])
    case("FloorDiv", [vec([200, 7], U8), vec([3, 2], U8)])
    case("Div", [vec([200, 7], U8), vec([3, 2], U8)])
    case("Pow", [f(3, 1, lo=0), f(4)])
    case("Pow", [f(3, 1, dt=D, lo=0.25), f(4, dt=D)])
    case("Pow", [vec([-2, 0, -1, inf, nan, 1], F), vec([3, 0, 0.5, -1, 0, nan], F)])
    case("Pow", [vec([2, -3, 0, 5]), vec([10, 3, 0, 1])])
    case("Pow", [vec([2, -3, 0, 5], L), vec([40, 3, 0, 1], L)])
    for dt in (F, D):
        case("Polygamma", [vec([0, 1, 2, 3, 1, 2], dt), vec([0.5, 1, 2.5, 7, 30, 0.125], dt)])
        case("Atan2", [f(3, 1, dt=dt), f(4, dt=dt)])
        case("DivNoNan", [f(4, dt=dt), vec([0, 2, -0.0, 4], dt)], exact=True)
        case("Xdivy", [vec([0, 1, 2, 0], dt), vec([0, 2, -3, nan], dt)], exact=True)
        case("Xlogy", [vec([0, 1, 2, 0], dt), vec([0, 2, 3, nan], dt)])
    for op in "Less LessEqual Greater GreaterEqual Equal NotEqual".split():
        case(op, [vec(SPECIAL, F).reshape(-1, 1), vec([nan, inf, -inf, 0.0, 1.0], F)])
        case(op, [f(2, 3, dt=D), f(2, 1, dt=D)])
        case(op, [ints(3, 1, lo=0, hi=4), ints(3, lo=0, hi=4)])
        case(op, [ints(4, lo=0, hi=4, dt=L), L(2)])
        case(op, [ints(4, lo=0, hi=250, dt=U8), U8(100)])
        case(op, [f(0, 2), f(2)])
    for op in "Equal NotEqual LogicalAnd LogicalOr".split():
        case(op, [bools(2, 3), bools(3)])
    for op in "BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift".split():
        case(op, [ints(2, 3), ints(3, lo=0)])
        case(op, [ints(4, lo=0, hi=200, dt=U8), ints(4, lo=0, hi=7, dt=U8)])
    case("Invert", [ints(4)])
    for n in (1, 2, 5):
        case("AddN", [f(2, 3) for _ in range(n)])
        case("AddN", [ints(3) for _ in range(n)])
    case("AddN", [f(2, dt=D), f(2, dt=D)])
    case("ClipByValue", [vec(SPECIAL, F), F(-1), F(1)])
    case("ClipByValue", [f(2, 3, dt=D), D(-1), D(0.5)])
    case("ClipByValue", [ints(5), I(-2), I(3)])
    case("ApproximateEqual", [vec([1, 1, 2], F), vec([1.05, 1.2, 2], F)], tolerance=0.1)


def selection():
    for dt in (F, I, B):
        x, y = (bools(2, 3), bools(2, 3)) if dt is B else (f(2, 3).astype(dt), f(2, 3).astype(dt))
        case("Select", [bools(2, 3), x, y], exact=True)
        case("Select", [bools(2), x, y], exact=True)
        case("Select", [B(True), x, y], exact=True)
    case("SelectV2", [bools(2, 1), f(3), f(2, 3)], exact=True)
    case("SelectV2", [B(False), f(3), F(2)], exact=True)
    case("Where", [vec([[1, 0, 1], [0, 0, 1]], B)])
    case("Where", [vec([0, 1.5, nan, 0], F)])
    case("Where", [np.zeros((2, 0), B)])
    for dt in (F, D, I, L, U8, B, H, np.int8, np.int16, np.uint16):
        source = bools(4) if dt is B else vec([0, 1, 5, 100], dt)
        for to in (tf.float32, tf.float64, tf.int32, tf.int64, tf.uint8, tf.bool, tf.float16):
            case("Cast", [source], exact=True, DstT=to)
    case("Cast", [vec([-1.7, 1.7, 2.5, -0.5], F)], DstT=tf.int32)
    case("Cast", [vec([-1.7, 1.7, 1e17, 2.5], D)], DstT=tf.int64)
    case("Cast", [vec([1e-8, 70000, 1.0009765625, nan], F)], DstT=tf.float16)
    case("Cast", [vec([0.1, 1e40, 1 / 3], D)], exact=True, DstT=tf.float32)
    case("Cast", [vec([300, -1])], DstT=tf.uint8)
    case("Cast", [vec([nan, 0.0, -0.0, 0.5], F)], DstT=tf.bool)
    case("Bitcast", [f(3)], type=tf.int32)
    case("Bitcast", [vec([1, 1 << 40], L)], type=tf.int32)
    case("Bitcast", [ints(2, 2)], type=tf.int64)
    case("Bitcast", [ints(3)], type=tf.uint8)


def reductions():
    for op in "Sum Mean Prod Max Min".split():
        for dt in (F, D, I):
            for axes, keep in (([0], False), ([1], True), ([-1], False), ([0, 2], False), ([], False), ([0, 1, 2], True)):
                if dt is I and op == "Mean":
                    continue
                case(op, [f(2, 3, 4, dt=dt), vec(axes)], keep_dims=keep)
        case(op, [f(0, 3), I(0)])
        case(op, [f(3, 0), vec([0])])
        case(op, [F(2.5), vec([])])
        case(op, [vec([1, nan, 3], F), I(0)])
        case(op, [vec([1, inf, -inf, 3], F).reshape(2, 2), I(0)])
        case(op, [f(2, 3), vec([1], L)], keep_dims=True)
        case(op, [ints(2, 3, dt=L), I(1)])
        case(op, [f(2, 1, 3, 2, 5), vec([1, 3])])
    case("Sum", [f(37, 19), I(0)])
    case("Sum", [f(37, 19), I(1)])
    case("Sum", [f(2, 3, dt=H), I(1)])
    for op in ("All", "Any"):
        for axes in ([0], [1], [0, 1], [-1], []):
            case(op, [bools(2, 3), vec(axes)])
        case(op, [bools(0, 3), I(0)], keep_dims=True)
    case("EuclideanNorm", [f(2, 3), I(1)])
    for op in ("ArgMax", "ArgMin"):
        for axis in (0, 1, -1):
            case(op, [f(3, 4), I(axis)])
            case(op, [ints(3, 4, lo=0, hi=4), I(axis)], output_type=tf.int32)
        case(op, [f(2, 3, 2, dt=D), L(1)])
        case(op, [f(5), I(0)])
        case(op, [vec([2, 2, 1, 1], F), I(0)])
    for op in ("Cumsum", "Cumprod"):
        for exclusive in (False, True):
            for reverse in (False, True):
                case(op, [f(2, 4), I(1)], exclusive=exclusive, reverse=reverse)
        case(op, [f(2, 3, 2, dt=D), I(-2)])
        case(op, [ints(5), I(0)])
    for op in "SegmentSum SegmentMean SegmentMax SegmentMin SegmentProd".split():
        case(op, [f(5, 2), i32(0, 0, 1, 3, 3)])
        case(op, [ints(4), vec([0, 1, 1, 2], L)]) if op != "SegmentMean" else None
    for op in "UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd".split():
        case(op, [f(4, 2), i32(2, 0, -1, 2), I(4)])
        case(op, [f(2, 2, dt=D), vec([[1, 0], [1, 2]], L), I(3)])
        case(op, [ints(3), i32(0, 0, 1), I(2)])
    case("Bincount", [i32(1, 1, 3, 0), I(5), vec([], F)])
    case("L2Loss", [f(3, 4)])
    case("L2Loss", [f(5, dt=D)])
    case("L2Loss", [f(0)])


def products():
    for dt in (F, D, I):
        for ta in (False, True):
            for tb in (False, True):
                a = f(*((4, 3) if ta else (3, 4)), dt=dt)
                b = f(*((5, 4) if tb else (4, 5)), dt=dt)
                case("MatMul", [a, b], transpose_a=ta, transpose_b=tb)
    case("MatMul", [f(0, 4), f(4, 5)])
    case("MatMul", [f(3, 0), f(0, 2)])
    case("MatMul", [f(1, 17), f(17, 1)])
    case("MatMul", [f(19, 23), f(23, 7)])
    case("MatMul", [vec([[nan, 1]], F), vec([[0], [1]], F)])
    case("MatMul", [f(2, 3, dt=H), f(3, 2, dt=H)])
    case("MatMul", [f(2, 3).astype(np.complex64), (f(3, 2) + 1j * f(3, 2)).astype(np.complex64)])
    for op in ("BatchMatMul", "BatchMatMulV2"):
        for ax, ay in ((False, False), (True, False), (False, True), (True, True)):
            case(op, [f(2, *((4, 3) if ax else (3, 4))), f(2, *((2, 4) if ay else (4, 2)))], adj_x=ax, adj_y=ay)
        case(op, [f(2, 2, 3, 2, dt=D), f(2, 2, 2, 1, dt=D)])
    case("BatchMatMulV2", [f(2, 1, 3, 2), f(4, 2, 3)])
    case("BatchMatMulV2", [f(3, 2), f(4, 2, 3)])
    for dt in (F, D):
        case("BiasAdd", [f(2, 3, dt=dt), f(3, dt=dt)], exact=True)
        case("BiasAdd", [f(2, 2, 2, 3, dt=dt), f(3, dt=dt)], exact=True)
        case("BiasAdd", [f(2, 3, 2, 2, dt=dt), f(3, dt=dt)], exact=True, data_format="NCHW")
        case("BiasAddGrad", [f(2, 2, 2, 3, dt=dt)])
        case("BiasAddGrad", [f(2, 3, 2, 2, dt=dt)], data_format="NCHW")
    case("BiasAddV1", [f(2, 3), f(3)], exact=True)
    case("Cross", [f(2, 3), f(2, 3)])
    case("MatrixDeterminant", [f(2, 3, 3)])
    case("MatrixInverse", [f(3, 3) + 5 * np.eye(3, dtype=F)])
    case("Cholesky", [vec([[4, 1], [1, 3]], D)])


def network():
    for dt in (F, D):
        case("Softmax", [f(3, 5, dt=dt)])
        case("LogSoftmax", [f(3, 5, dt=dt)])
        case("SoftmaxCrossEntropyWithLogits", [f(3, 4, dt=dt), vec(np.eye(4)[[1, 0, 3]], dt)])
        case("SparseSoftmaxCrossEntropyWithLogits", [f(3, 4, dt=dt), i32(1, 0, 3)])
        case("SparseSoftmaxCrossEntropyWithLogits", [f(3, 4, dt=dt), vec([1, 0, 3], L)])
    case("Softmax", [vec([[1000, 0, -1000], [88, 88, 88], [-inf, 0, 1]], F)])
    case("LogSoftmax", [vec([[1000, 0, -1000], [88, 88, 88]], F)])
    case("Softmax", [f(2, 3, 4)])
    case("Softmax", [f(6)])
    case("Softmax", [f(0, 4)])
    case("SoftmaxCrossEntropyWithLogits", [f(3, 4), vec([[0.25] * 4], F)])
    case("SparseSoftmaxCrossEntropyWithLogits", [vec([[1000, 0]], F), i32(1)])
    case("InTopK", [f(3, 5), i32(1, 4, 0)], k=2)
    case("InTopKV2", [f(3, 5), i32(1, 4, 0), I(2)])
    case("InTopK", [vec([[1, 1, 1], [nan, 1, 2], [inf, 0, 1]], F), i32(2, 1, 0)], k=1)
    for k in (0, 2, 4):
        case("TopKV2", [vec([[1, 5, 3, 5], [2, 2, 7, 0]], F), I(k)])
        case("TopKV2", [ints(6), I(k)])
    conv()
    pooling()
    for train in (True, False):
        for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
            stats = [vec([], F)] * 2 if train else [f(3), f(3, lo=0.5)]
            case(op, [f(2, 3, 2, 3), f(3), f(3)] + stats, is_training=train, epsilon=0.001, keep=5 if train else 3)
    for op in ("FusedBatchNormGrad", "FusedBatchNormGradV2"):
        case(op, [f(2, 2, 2, 3), f(2, 2, 2, 3), f(3), f(3), f(3, lo=0.5)], is_training=True, epsilon=0.001)
    case("LRN", [f(1, 2, 2, 8)])
    case("LRN", [f(1, 2, 1, 7)], depth_radius=2, bias=1.5, alpha=0.25, beta=0.75)
    case("LRNGrad", [f(1, 2, 1, 7), f(1, 2, 1, 7), f(1, 2, 1, 7)], depth_radius=2)


def conv():
    for padding in ("SAME", "VALID"):
        for strides, dil, kh, kw in (([1, 1, 1, 1], 1, 3, 3), ([1, 2, 2, 1], 1, 3, 2), ([1, 1, 2, 1], 1, 1, 1), ([1, 1, 1, 1], 2, 2, 2)):
            x, w = f(1, 5, 4, 2), f(kh, kw, 2, 3)
            at = dict(strides=strides, padding=padding, dilations=[1, dil, dil, 1])
            with tf.Graph().as_default():
                y = tf.nn.conv2d(v1.placeholder(F, x.shape), w, strides, padding, dilations=at["dilations"]).shape
            dy = f(*y)
            case("Conv2D", [x, w], **at)
            if dil == 1:
                case("Conv2DBackpropInput", [vec(x.shape), w, dy], **at)
                case("Conv2DBackpropFilter", [x, vec(w.shape), dy], **at)
    case("Conv2D", [f(1, 4, 4, 2, dt=D), f(3, 3, 2, 2, dt=D)], strides=[1, 1, 1, 1], padding="SAME")
    case("Conv2D", [f(0, 4, 4, 2), f(3, 3, 2, 2)], strides=[1, 1, 1, 1], padding="SAME")
    case("Conv2D", [f(1, 7, 7, 1), f(5, 5, 1, 3)], strides=[1, 3, 3, 1], padding="SAME")
    case("Conv2D", [f(1, 4, 4, 1), f(2, 2, 1, 1)], strides=[1, 1, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0])
    for padding in ("SAME", "VALID"):
        for s in (1, 2):
            x, w = f(1, 5, 5, 2), f(3, 3, 2, 2)
            n = -(-5 // s) if padding == "SAME" else -(-3 // s)
            dy = f(1, n, n, 4)
            at = dict(strides=[1, s, s, 1], padding=padding)
            case("DepthwiseConv2dNative", [x, w], **at)
            case("DepthwiseConv2dNativeBackpropInput", [vec(x.shape), w, dy], **at)
            case("DepthwiseConv2dNativeBackpropFilter", [x, vec(w.shape), dy], **at)


def pooling():
    for padding in ("SAME", "VALID"):
        for k, s in ((2, 2), (3, 2), (3, 1), (1, 2)):
            x = f(1, 5, 4, 2)
            at = dict(ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=padding)
            with tf.Graph().as_default(), v1.Session() as session:
                y = session.run(tf.nn.max_pool2d(x, k, s, padding))
            dy = f(*y.shape)
            case("MaxPool", [x], exact=True, **at)
            case("AvgPool", [x], **at)
            case("MaxPoolGrad", [x, y, dy], **at)
            case("AvgPoolGrad", [vec(x.shape), dy], **at)
            case("MaxPoolGradGrad", [x, y, f(*x.shape)], **at)
    case("MaxPool", [f(1, 4, 4, 1, dt=D)], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    case("AvgPool", [f(1, 4, 4, 1, dt=D)], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    case("MaxPool", [vec([[1, nan], [3, 4]], F).reshape(1, 2, 2, 1)], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    case("MaxPoolWithArgmax", [f(2, 4, 4, 2)], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")


def arrays():
    for dt in (F, I, L, B, U8, D, H):
        x = bools(2, 3, 4) if dt is B else f(2, 3, 4, lo=0).astype(dt)
        case("Reshape", [x, i32(4, -1)], exact=True)
        case("Transpose", [x, i32(2, 0, 1)], exact=True)
        case("ConcatV2", [x, x, I(1)], exact=True)
        case("Pack", [x[0], x[1]], exact=True, axis=1)
        case("Slice", [x, i32(0, 1, 1), i32(2, -1, 2)], exact=True)
        case("Tile", [x, i32(1, 2, 1)], exact=True)
        case("GatherV2", [x, i32(1, 0, 1), I(0)], exact=True)
        case("Identity", [x], exact=True)
    case("Reshape", [f(0, 3), vec([3, 0], L)])
    case("Reshape", [f(1, 1), vec([])])
    case("Reshape", [F(1), i32(1, -1)])
    for axis in (0, 1, 2, -1, -3):
        case("ExpandDims", [f(2, 3), I(axis)])
    case("ExpandDims", [F(3), L(0)])
    case("Squeeze", [f(1, 3, 1, 2)])
    case("Squeeze", [f(1, 3, 1, 2)], squeeze_dims=[2])
    case("Squeeze", [f(1, 3, 1, 2)], squeeze_dims=[-2, 0])
    for perm in ([0, 1, 2, 3], [3, 2, 1, 0], [0, 3, 1, 2], [1, 0, 3, 2]):
        case("Transpose", [f(2, 3, 1, 4), vec(perm)], exact=True)
    case("Transpose", [f(0, 2), vec([1, 0], L)])
    case("Transpose", [F(3), vec([])])
    case("InvertPermutation", [i32(2, 0, 1)])
    case("Concat", [I(0), f(2, 2), f(1, 2)])
    case("Concat", [I(1), f(2, 2), f(2, 0), f(2, 3)])
    case("ConcatV2", [f(2, 2), f(2, 1), I(-1)])
    case("ConcatV2", [f(0, 2), f(3, 2), L(0)])
    case("ConcatOffset", [I(1), i32(2, 2, 5), i32(2, 3, 5), i32(2, 4, 5)])
    for axis, n in ((0, 2), (1, 3), (-1, 2)):
        case("Split", [I(axis), f(2, 6)], num_split=n)
    case("SplitV", [f(5, 2), i32(1, 4), I(0)], num_split=2)
    case("SplitV", [f(2, 6), i32(1, -1, 2), I(1)], num_split=3)
    for axis in (0, -1, 1):
        case("Pack", [f(2, 3), f(2, 3), f(2, 3)], axis=axis)
        case("Unpack", [f(2, 3)], num=3 if axis else 2, axis=axis)
    case("Pack", [F(1), F(2)])
    case("Unpack", [ints(3)], num=3)
    case("Slice", [f(5), i32(2), i32(0)])
    case("Slice", [f(3, 4), vec([1, 0], L), vec([-1, -1], L)])
    strided()
    case("Pad", [f(2, 3), i32(1, 0, 0, 2).reshape(2, 2)], exact=True)
    case("Pad", [ints(3), vec([[2, 1]], L)])
    case("Pad", [f(1, 2, 2, 1), vec([[0, 0], [1, 1], [1, 1], [0, 0]])])
    case("PadV2", [f(2, 3), i32(1, 0, 0, 2).reshape(2, 2), F(-1)], exact=True)
    for mode in ("REFLECT", "SYMMETRIC"):
        case("MirrorPad", [f(3, 4), vec([[1, 2], [2, 0]])], exact=True, mode=mode)
        case("MirrorPadGrad", [f(6, 6), vec([[1, 2], [2, 0]])], mode=mode)
    case("Tile", [f(2, 1), i32(1, 3)])
    case("Tile", [f(2, 2), vec([0, 2], L)])
    case("Tile", [F(2), vec([])])
    case("ReverseV2", [f(2, 3), i32(1)], exact=True)
    case("ReverseV2", [f(2, 3, 2), i32(-1, 0)], exact=True)
    case("ReverseV2", [f(2, 3), vec([])], exact=True)
    case("Reverse", [f(2, 3), vec([0, 1], B)], exact=True)
    case("ReverseSequence", [f(3, 4, 2), i32(2, 4, 0)], seq_dim=1, batch_dim=0)
    case("Gather", [f(4, 2), vec([[3, 0], [1, 1]])], exact=True)
    case("Gather", [f(4), vec([], L)])
    for axis in (0, 1, -1):
        case("GatherV2", [f(3, 4, 2), i32(1, 0), I(axis)], exact=True)
    case("GatherV2", [f(3, 4), I(2), I(1)], exact=True)
    case("GatherNd", [f(3, 4), vec([[0, 1], [2, 3]])], exact=True)
    case("GatherNd", [f(3, 4), vec([[2], [0]], L)], exact=True)
    case("ScatterNd", [vec([[1], [3], [1]]), f(3, 2), i32(4, 2)])
    case("ScatterNd", [vec([[0, 1], [2, 3]]), f(2), i32(3, 4)])
    case("OneHot", [vec([[0, 2], [-1, 5]]), I(3), F(1), F(0)], exact=True)
    case("OneHot", [vec([0, 2, 1], L), I(3), F(5), F(-1)], exact=True, axis=0)
    case("OneHot", [ints(2, lo=0, hi=3, dt=U8), I(4), I(1), I(0)])
    case("Fill", [i32(2, 3), F(1.5)])
    case("Fill", [vec([], L), I(4)])
    case("Fill", [i32(2, 0), B(True)])
    for start, limit, delta in ((0, 5, 1), (2, 10, 3), (5, 0, -2), (3, 3, 1)):
        case("Range", [I(start), I(limit), I(delta)])
        case("Range", [L(start), L(limit), L(delta)])
        case("Range", [F(start), F(limit), F(delta) / 2])
    case("LinSpace", [F(1), F(2), I(5)])
    case("LinSpace", [D(3), D(-1), I(1)])
    for op in ("ZerosLike", "OnesLike"):
        for dt in (F, D, I, L, U8, B):
            case(op, [np.zeros((2, 2), dt)])
    for op in ("Shape", "Size", "Rank"):
        for shape in ((), (3,), (2, 0), (2, 1, 4)):
            case(op, [f(*shape)])
        if op != "Rank":
            case(op, [ints(2, 3)], out_type=tf.int64)
    case("ShapeN", [f(2), f(1, 3)])
    case("IdentityN", [f(2), ints(3)])
    case("StopGradient", [f(3)], exact=True)
    case("PreventGradient", [f(3)], exact=True)
    case("Snapshot", [f(3)], exact=True)
    case("Diag", [f(3)])
    case("DiagPart", [f(3, 3)])
    case("MatrixDiag", [f(2, 3)])
    case("MatrixDiagPart", [f(2, 3, 4)])
    case("MatrixSetDiag", [f(2, 3, 3), f(2, 3)])
    for lo, hi in ((1, 0), (0, -1), (-1, 1), (0, 0)):
        case("MatrixBandPart", [f(4, 3), L(lo), L(hi)], exact=True)
    case("Unique", [i32(4, 1, 4, 2, 1)])
    case("Unique", [vec([1.5, 1.5, 0], F)], out_idx=tf.int64)
    case("UniqueWithCounts", [vec([4, 1, 4, 2, 1], L)])
    case("ListDiff", [i32(1, 2, 3, 4, 2), i32(2, 4)])
    case("DynamicPartition", [f(4, 2), i32(0, 1, 0, 2)], num_partitions=4)
    case("DynamicStitch", [I(1), vec([[0, 2], [1, 1]]), f(3), f(2, 2, 3)])
    case("DynamicStitch", [i32(0, 2), i32(1, 3), f(2, 2), f(2, 2)])
    case("BroadcastTo", [f(3, 1), i32(2, 3, 4)], exact=True)
    case("BroadcastTo", [F(2), vec([0, 3], L)], exact=True)
    case("BroadcastArgs", [i32(2, 1, 3), i32(5, 1)])
    for a, b in (([2, 3], [3]), ([2, 1], [1, 3]), ([], [2, 2]), ([2, 3], [2, 3]), ([1, 1], [1, 1])):
        case("BroadcastGradientArgs", [vec(a), vec(b)])
    case("SpaceToDepth", [f(1, 4, 4, 2)], exact=True, block_size=2)
    case("DepthToSpace", [f(1, 2, 2, 8)], exact=True, block_size=2)
    case("SpaceToBatchND", [f(1, 4, 4, 1), i32(2, 2), vec([[0, 0], [2, 0]])], exact=True)
    case("BatchToSpaceND", [f(4, 2, 3, 1), i32(2, 2), vec([[0, 0], [2, 0]])], exact=True)
    case("SpaceToBatch", [f(1, 4, 4, 1), vec([[0, 0], [0, 0]])], exact=True, block_size=2)
    case("BatchToSpace", [f(4, 2, 2, 1), vec([[0, 0], [0, 0]])], exact=True, block_size=2)
    case("Roll", [f(3, 4), i32(1, -2), i32(0, 1)], exact=True)
    for align in (False, True):
        for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
            case(op, [f(1, 3, 4, 2), i32(5, 3)], align_corners=align)
            case(op, [f(1, 4, 4, 1), i32(2, 8)], align_corners=align)
    case("ResizeBilinearGrad", [f(1, 5, 3, 2), f(1, 3, 4, 2)])
    case("ResizeNearestNeighborGrad", [f(1, 5, 3, 2), i32(3, 4)])
    case("AdjustContrastv2", [f(1, 3, 3, 3), F(0.5)])
    case("ExtractImagePatches", [f(1, 4, 4, 2)], ksizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME")


def strided():
    x = f(4, 5)
    for b, e, s, masks in (
        ([1, 0], [3, 5], [1, 2], {}),
        ([-1, -1], [-5, -6], [-1, -2], {}),
        ([0, 0], [0, 0], [1, 1], dict(begin_mask=3, end_mask=3)),
        ([0, 0], [0, 0], [-1, -1], dict(begin_mask=3, end_mask=3)),
        ([2], [3], [1], dict(shrink_axis_mask=1)),
        ([-1, 1], [0, 4], [1, 1], dict(shrink_axis_mask=1)),
        ([0, 0, 1], [0, 0, 3], [1, 1, 1], dict(new_axis_mask=1, begin_mask=2, end_mask=2)),
        ([0, 2], [0, 3], [1, 1], dict(ellipsis_mask=1, shrink_axis_mask=2)),
        ([1, 0], [2, 0], [1, 1], dict(ellipsis_mask=2)),
        ([10, -10], [20, 10], [1, 1], {}),
        ([3], [1], [1], {}),
        ([0, 0], [0, 0], [1, 1], dict(new_axis_mask=2, shrink_axis_mask=1)),
    ):
        case("StridedSlice", [x, vec(b), vec(e), vec(s)], exact=True, **masks)
    case("StridedSlice", [f(3), vec([1], L), vec([3], L), vec([1], L)])
    case("StridedSlice", [ints(2, 3, 4), i32(1), i32(2), i32(1)])
    case("StridedSliceGrad", [i32(4, 5), i32(1, 0), i32(3, 5), i32(1, 2), f(2, 3)])
    case("StridedSliceGrad", [i32(4, 5), i32(2, 0), i32(3, 0), i32(1, 1), f(5)], shrink_axis_mask=1, end_mask=2)
    case("StridedSliceGrad", [i32(4), i32(-1), i32(-5), i32(-2), f(2)])


def random():
    for dt in (tf.float32, tf.float64, tf.float16):
        for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
            for n in (1, 7, 1000):
                case(op, [i32(n)], exact=op == "RandomUniform", steps=2, head=True, dtype=dt, seed=42, seed2=7)
    case("RandomUniform", [i32(3, 4)], exact=True, steps=3, dtype=tf.float32, seed=1, seed2=0)
    case("RandomUniform", [vec([5], L)], exact=True, steps=2, dtype=tf.float32, seed=0, seed2=9)
    case("TruncatedNormal", [i32(20000)], steps=2, head=True, dtype=tf.float32, seed=3, seed2=4)
    for dt in (I, L):
        for n in (1, 7, 1000):
            case("RandomUniformInt", [i32(n), dt(-5), dt(1000)], steps=2, head=True, seed=42, seed2=7)


def state():
    for res in (False, True):
        pre = "Resource" if res else ""

        def var(*shape, lo=-4, dt=F):
            return Var(f(*shape, lo=lo, dt=dt), res)

        for dt in (F, D):
            lr, rho, mom, eps = dt(0.125), dt(0.9), dt(0.75), dt(0.0078125)
            v = lambda lo=-4: var(2, 3, lo=lo, dt=dt)
            g = f(2, 3, dt=dt)
            case(pre + "ApplyGradientDescent", [v(), lr, g], steps=3)
            for nesterov in (False, True):
                case(pre + "ApplyMomentum", [v(), v(), lr, g, mom], steps=3, use_nesterov=nesterov)
                case(pre + "ApplyAdam", [v(), v(), v(0), dt(0.9), dt(0.99), lr, rho, dt(0.99), eps, g], steps=3, use_nesterov=nesterov)
            case(pre + "ApplyAdagrad", [v(), v(0.125), lr, g], steps=3)
            case(pre + "ApplyAdagrad", [v(), v(0.125), lr, g], steps=2, update_slots=False)
            case(pre + "ApplyAdadelta", [v(), v(0), v(0), lr, rho, eps, g], steps=3)
            case(pre + "ApplyRMSProp", [v(), v(0), v(), lr, rho, mom, eps, g], steps=3)
            case(pre + "ApplyCenteredRMSProp", [v(), Var(np.zeros((2, 3), dt), res), Var(f(2, 3, lo=2, dt=dt), res), v(), lr, rho, mom, eps, g], steps=3)
            for power in (-0.5, -0.25):
                case(pre + "ApplyFtrl", [v(), v(0.125), v(), g, lr, dt(0.25), dt(0.5), dt(power)], steps=3)
            case(pre + "ApplyFtrlV2", [v(), v(0.125), v(), g, lr, dt(0.25), dt(0.5), dt(0.125), dt(-0.5)], steps=2)
            case(pre + "ApplyProximalGradientDescent", [v(), lr, dt(0.25), dt(0.5), g], steps=2)
        lr, rho, mom, eps = F(0.125), F(0.9), F(0.75), F(0.0078125)
        g, rows = f(2, 3), i32(3, 1)
        v = lambda lo=-4: var(4, 3, lo=lo)
        case(pre + "SparseApplyMomentum", [v(), v(), lr, g, rows, mom], steps=2)
        case(pre + "SparseApplyMomentum", [v(), v(), lr, g, rows, mom], steps=2, use_nesterov=True)
        case(pre + "SparseApplyAdagrad", [v(), v(0.125), lr, g, rows], steps=2)
        case(pre + "SparseApplyAdadelta", [v(), v(0), v(0), lr, rho, eps, g, rows], steps=2)
        case(pre + "SparseApplyRMSProp", [v(), v(0), v(), lr, rho, mom, eps, g, rows], steps=2)
        case(pre + "SparseApplyFtrl", [v(), v(0.125), v(), g, rows, lr, F(0.25), F(0.5), F(-0.5)], steps=2)
    for op in ("Assign", "AssignAdd", "AssignSub"):
        case(op, [Var(f(2, 3)), f(2, 3)], steps=2)
        case(op, [Var(ints(3)), ints(3)], steps=2)
    for op in ("ScatterUpdate", "ScatterAdd", "ScatterSub"):
        case(op, [Var(f(4, 2)), i32(3, 0), f(2, 2)], steps=2)
    for op in ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"):
        case(op, [Var(f(2, 3), True), f(2, 3)], steps=2)
    case("ResourceScatterAdd", [Var(f(4, 2), True), i32(3, 0), f(2, 2)], steps=2)
    case("CountUpTo", [Var(I(0))], steps=3, limit=5)


def summaries():
    tag = b"loss"
    for dt in (F, D, H, I, L, U8, np.int8, np.int16, np.uint16):
        case("ScalarSummary", [tag, dt(3)])
    case("ScalarSummary", [np.array([b"a", b"b/c"]), vec([1.5, -2.5], F)])
    case("ScalarSummary", [np.array([], "S1"), vec([], F)])
    case("HistogramSummary", [tag, vec([0, 1, -1, 0.5, 1e-13, -1e-13, 1e21, -1e21, 2, 2, 2], F)])
    case("HistogramSummary", [tag, f(40)])
    case("HistogramSummary", [tag, vec([], D)])
    case("HistogramSummary", [tag, ints(2, 7)])
    case("AudioSummaryV2", [tag, f(4, 5, 1, lo=-1, hi=1), F(16000)])
    case("TensorSummary", [f(2, 3)])
    case("TensorSummary", [np.array([b"x", b"", b"yz"])])
    case("TensorSummary", [ints(0, 2)])
    case("TensorSummaryV2", [tag, f(2), b"\x0a\x07\x0a\x05hello"])
    one, two, twice = b"\x0a\x08\x0a\x01a\x15\x00\x00\x80?", b"\x0a\x08\x0a\x01b\x15\x00\x00\x00@", b"\x0a\x03\x0a\x01c\x0a\x03\x0a\x01d"
    case("MergeSummary", [one, two])
    case("MergeSummary", [np.array([one, twice]), two])
    case("MergeSummary", [b""])


def quantised():
    """The last bits matter: a machine of integers goes by these grids."""
    op, x, dy = "FakeQuantWithMinMax", f(4, 6, lo=-9, hi=9), f(4, 6)
    ranges = [(-6.0, 6.0), (-0.3, 5.7), (0.0, 1.0), (0.4, 3.0), (-3.1, -0.7), (-1e-3, 2.5)]
    for low, high in ranges:
        for extra in ({}, {"num_bits": 4}, {"narrow_range": True}, {"num_bits": 16, "narrow_range": True}):
            case(op + "Args", [x], exact=True, min=low, max=high, **extra)
            case(op + "ArgsGradient", [dy, x], exact=True, min=low, max=high, **extra)
            case(op + "Vars", [x, F(low), F(high)], exact=True, **extra)
            case(op + "VarsGradient", [dy, x, F(low), F(high)], **extra)
    case(op + "Args", [vec([nan, inf, -inf, 0.0, -0.0, 1e-9, 6.0, -6.0, 0.0235, 0.0236], F)], exact=True)
    case(op + "Vars", [f(3), F(0), F(0)], exact=True)
    case(op + "VarsGradient", [f(3), f(3), F(0), F(0)])
    lows, highs = vec([r[0] for r in ranges], F), vec([r[1] for r in ranges], F)
    for shape in ((6,), (4, 6), (2, 2, 6), (2, 1, 2, 6)):
        a, b = f(*shape, lo=-9, hi=9), f(*shape)
        for extra in ({}, {"num_bits": 3}, {"narrow_range": True}):
            case(op + "VarsPerChannel", [a, lows, highs], exact=True, **extra)
            case(op + "VarsPerChannelGradient", [b, a, lows, highs], **extra)
    case(op + "VarsPerChannel", [f(2, 2), vec([0, -1], F), vec([0, 1], F)], exact=True)
    case(op + "VarsPerChannelGradient", [f(2, 2), f(2, 2), vec([0, -1], F), vec([0, 1], F)])


def main():
    for group in (unary, binary, selection, reductions, products, network, arrays, random, state, summaries, quantised):
        group()
    written = 0
    with open(OUT, "w") as out:
        out.write(f"# single ops in TensorFlow {tf.__version__}; made by tests/oracle/op_vectors.py, which says how to read it\n\n")
        for c in cases:
            written += write(out, *c)
    print(f"{written} of {len(cases)} cases, {os.path.getsize(OUT)} bytes")


main()

  /* tree.js - a graph as a tree of boxes: parts, scopes, variables, nodes; with the edges between the boxes of each.
   *
   * A box: {id, kind, label, path, parent, children, node, count, open}. kind: 'root', 'part' (training, saving, ...),
   * 'scope', 'variable' (with its initial value, assignment and read), 'functions', 'some' (neighbours of a scope too
   * large to read), 'node'. Nodes are known by number, so names may be anything. */
  const PARTS = ['model', 'training', 'saving', 'initialisation', 'summaries'];
  const KINDS = ['operation', 'variable', 'fed', 'constant', 'control flow', 'function call', 'unknown operation'];
  const MOST_CHILDREN = 60;

  function Tree(graph) {
    this.boxes = [];
    this.root = this.add(null, 'root', '', '');
    this.nodes = graph.nodes.slice();
    this.names = new Map();
    this.leaf = [];
    this.spread(graph.nodes, 0, this.root, true);
    if (graph.functions && graph.functions.length) this.addFunctions(graph.functions);
    this.trained = this.whatIsTrained();
    this.settle(this.root);
    this.connect();
    if (this.gatherSources()) this.connect();
  }
  Tree.prototype.add = function (parent, kind, label, path) {
    const box = {id: this.boxes.length, kind, label, path, parent, children: [], byLabel: new Map(), node: null, count: 0, open: kind === 'root', depth: parent ? parent.depth + 1 : 0};
    this.boxes.push(box);
    if (parent) parent.children.push(box);
    return box;
  };
  Tree.prototype.group = function (parent, kind, label) {
    let box = parent.byLabel.get(label);
    if (!box) {
      box = this.add(parent, kind, label, parent.path && parent.kind !== 'part' ? parent.path + '/' + label : label);
      parent.byLabel.set(label, box);
    }
    if (kind === 'variable') box.kind = kind;
    return box;
  };
  /* Puts nodes, numbered from `first` on, below a box. */
  Tree.prototype.spread = function (nodes, first, root, hasParts) {
    const scopes = new Set();
    for (const n of nodes) for (let i = n.n.indexOf('/'); i > 0; i = n.n.indexOf('/', i + 1)) scopes.add(n.n.slice(0, i));
    const joined = new Set(nodes.filter((n) => n.v !== undefined).map((n) => n.v));
    const place = (n, shown) => {
      let at = root;
      if (hasParts && n.p) at = this.group(root, 'part', PARTS[n.p]);
      const words = shown.n.split('/'), own = words.pop();
      for (const w of words) at = this.group(at, 'scope', w);
      return {at, own};
    };
    nodes.forEach((n, i) => {
      const shown = n.v !== undefined ? nodes[n.v] : n;
      let {at, own} = place(n, shown);
      if (n.k === 1 && (scopes.has(n.n) || joined.has(i))) at = this.group(at, 'variable', own);
      else if (shown !== n) at = this.group(at, 'variable', own);
      else if (scopes.has(n.n)) at = this.group(at, 'scope', own);
      const leaf = this.add(at, 'node', n.n.slice(n.n.lastIndexOf('/') + 1), n.n);
      leaf.node = first + i;
      leaf.op = n.o;
      this.leaf[first + i] = leaf;
      if (root === this.root) this.names.set(n.n, first + i);
    });
  };
  Tree.prototype.addFunctions = function (functions) {
    const all = this.add(this.root, 'functions', 'functions', 'functions');
    for (const f of functions) {
      const first = this.nodes.length;
      const shift = (list) => list && list.map((v) => v + first);
      this.nodes.push(...f.nodes.map((n) => Object.assign({}, n, {c: shift(n.c), i: n.i && n.i.map((v, k) => (k % 2 === 0 ? v + first : v))})));
      this.spread(f.nodes, first, this.group(all, 'scope', f.name), false);
    }
  };
  Tree.prototype.whatIsTrained = function () {
    const trained = new Set();
    this.nodes.forEach((n) => { if (n.p === 1 && n.i) for (let k = 0; k < n.i.length; k += 2) { const from = this.nodes[n.i[k]]; if (from && from.k === 1 && !from.p) trained.add(n.i[k]); } });
    return trained;
  };
  /* Counts; scopes with one box in them become that box; large ones are cut into runs of neighbours. */
  Tree.prototype.settle = function (box) {
    for (const c of box.children.slice()) this.settle(c);
    if (box.kind === 'variable' && box.children.length === 1) this.dissolve(box);
    else if (box.kind === 'scope' && box.children.length === 1 && box.children[0].kind === 'scope') this.joinChild(box);
    if (box.children.length > MOST_CHILDREN) this.cut(box);
    box.count = box.node !== null ? 1 : d3.sum(box.children, (c) => c.count);
  };
  Tree.prototype.dissolve = function (box) {
    const only = box.children[0], siblings = box.parent.children;
    only.parent = box.parent;
    siblings[siblings.indexOf(box)] = only;
  };
  Tree.prototype.joinChild = function (box) {
    const only = box.children[0];
    box.label += '/' + only.label;
    box.path = only.path;
    box.children = only.children;
    for (const c of box.children) c.parent = box;
  };
  Tree.prototype.cut = function (box) {
    const parts = box.children.filter((c) => c.kind === 'part' || c.kind === 'functions'), rest = box.children.filter((c) => !parts.includes(c));
    if (rest.length <= MOST_CHILDREN) return;
    const size = Math.max(Math.ceil(rest.length / MOST_CHILDREN), Math.min(40, Math.ceil(Math.sqrt(rest.length))));
    box.children = parts;
    for (let i = 0; i < rest.length; i += size) {
      const some = rest.slice(i, i + size), group = this.add(box, 'some', `${i + 1} to ${i + some.length}`, `${box.path || 'the graph'}: ${i + 1} to ${i + some.length}`);
      group.children = some;
      for (const c of some) c.parent = group;
      group.count = d3.sum(some, (c) => c.count);
      this.cut(group);
    }
  };
  /* Many boxes that read nothing and all feed one neighbour, as the parameters of a frozen network: one box. */
  Tree.prototype.gatherSources = function () {
    let some = false;
    for (const box of this.boxes.slice()) {
      if (box.node !== null || box.children.length < 10) continue;
      const read = new Set(), feeds = new Map();
      for (const e of box.edges.values()) {
        read.add(e.to.id);
        feeds.set(e.from.id, feeds.has(e.from.id) ? null : e.to);
      }
      for (const id of [...box.enters.keys(), ...box.leaves.keys()]) read.add(id);
      const groups = d3.nest().key((c) => feeds.get(c.id).id).entries(box.children.filter((c) => !isAside(c) && feeds.get(c.id) && !read.has(c.id)));
      for (const {values} of groups) if (values.length > 7 && values.length + 2 < box.children.length) some = this.wrap(box, values, feeds.get(values[0].id)) || some;
    }
    return some;
  };
  Tree.prototype.wrap = function (box, children, target) {
    const label = `${children.length} that feed ${shorten(target.label, 20)}`, group = this.add(box, 'some', label, `${box.path || 'the graph'}: ${label}`);
    box.children = box.children.filter((c) => !children.includes(c));
    group.children = children;
    for (const c of children) c.parent = group;
    group.count = d3.sum(children, (c) => c.count);
    return true;
  };
  function isAside(box) { return box.kind === 'part' || box.kind === 'functions'; }
  /* From the outermost box to this one. */
  function ancestry(box) { const up = []; for (let b = box; b; b = b.parent) up.push(b); return up.reverse(); }

  /* For each box: edges between its children; which children are reached from outside (enters), and reach out (leaves). */
  Tree.prototype.connect = function () {
    for (const b of this.boxes) { b.edges = new Map(); b.enters = new Map(); b.leaves = new Map(); }
    const ways = this.leaf.map(ancestry);
    this.readers = this.nodes.map(() => []);
    this.nodes.forEach((n, to) => {
      for (let k = 0; n.i && k < n.i.length; k += 2) this.edge(ways, n.i[k], to, n.i[k + 1], false);
      for (const from of n.c || []) this.edge(ways, from, to, 0, true);
    });
  };
  Tree.prototype.edge = function (ways, from, to, port, control) {
    if (!ways[from] || !ways[to]) return;
    this.readers[from].push({to, port, control});
    const a = ways[from], b = ways[to];
    let common = 0;
    while (common + 1 < a.length && common + 1 < b.length && a[common + 1] === b[common + 1]) common++;
    if (common + 1 >= a.length || common + 1 >= b.length) return; /* a loop of one node */
    const source = this.nodes[from], bytes = source.b && source.b[port] > 0 ? source.b[port] : 0;
    const note = (map, key, more) => {
      const e = map.get(key) || Object.assign({count: 0, bytes: 0, control: true, types: new Set()}, more);
      e.count++;
      e.bytes = Math.max(e.bytes, bytes);
      e.control = e.control && control;
      if (!control && source.t && source.t[port] && e.types.size < 3) e.types.add(source.t[port]);
      map.set(key, e);
    };
    const x = a[common + 1], y = b[common + 1];
    note(a[common].edges, x.id + ' ' + y.id, {from: x, to: y});
    if (isAside(x) || isAside(y)) return; /* between parts: shown for what is selected only */
    for (let i = common + 1; i + 1 < a.length; i++) note(a[i].leaves, a[i + 1].id, {from: a[i + 1]});
    for (let i = common + 1; i + 1 < b.length; i++) note(b[i].enters, b[i + 1].id, {to: b[i + 1]});
  };
  Tree.prototype.under = function (box) { return box.node !== null ? [box.node] : box.children.flatMap((c) => this.under(c)); };
  /* The box that a node is seen as now: itself or the closed one around it. */
  Tree.prototype.seen = function (node) { for (const b of ancestry(this.leaf[node])) if (!b.open) return b; return this.leaf[node]; };

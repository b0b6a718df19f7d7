/* commands.c - the table of commands: one row each, with its help, from which man pages and shell completions
 * are made as well (frontends/cli). README.md says how a help text is written; tests/sdk/help_test.sh looks. */
#include "commands.h"
#include <stddef.h>

#define JSON "  --json  print JSON instead of text\n"

const command commands[] = {
    {"devices", command_devices, "the devices plugins offer",
     "runnel devices [--json]\n\n"
     "One line for each device: its full name, the type the plugin gives it, what it calls itself, its memory.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel devices\n"},
    {"ops", command_ops, "the ops plugins define, or one in full",
     "runnel ops [OP] [--json]\n\n"
     "Without a name, every op with its signature's first line. With one: signature, documentation, whether there\n"
     "is a gradient, the plugin it comes from, and each kernel for it. A wrong name gives the nearest ones.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel ops\n  runnel ops MatMul\n"},
    {"optimizers", command_optimizers, "the optimizers plugins offer, or one in full",
     "runnel optimizers [OPTIMIZER] [--json]\n\n"
     "With a name: what it does and its hyper-parameters with their defaults.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel optimizers\n  runnel optimizers Adam\n"},
    {"plugin list", command_plugin, "each plugin found, its state and what it offers",
     "runnel plugin list [--json]\n\n"
     "Reads manifests and opens no plugin. Below the list stand the folders that were searched, in order.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel plugin list\n"},
    {"plugin new", command_plugin, "a folder with a complete plugin to start from",
     "runnel plugin new NAME [--op|--kernel|--optimizer|--device|--pass] [--folder FOLDER] [--json]\n\n"
     "Makes a folder NAME with a source file, a CMakeLists.txt, a test, a graph that uses the plugin and a README.\n"
     "It builds, passes its tests and installs as it is; then it is yours to change. NAME is hard_tanh or HardTanh.\n"
     "What is there already is never overwritten.\n\n"
     "Options:\n"
     "  --op             an operation with shapes, gradient and kernel (the default)\n"
     "  --kernel         a kernel that is chosen before the usual one\n"
     "  --optimizer      an optimizer\n"
     "  --device         a device that runs any graph\n"
     "  --pass           a change of graphs before they are planned\n"
     "  --folder FOLDER  where the new folder goes; this one otherwise\n" JSON
     "\nExamples:\n  runnel plugin new hard_tanh\n  runnel plugin new fast_relu --kernel\n"},
    {"plugin check", command_plugin, "the conformance kit: is a plugin one?",
     "runnel plugin check FILE|ID [--op OP] [--case CASE] [--bench] [--timeout SECONDS] [--case-timeout SECONDS] "
     "[--json]\n\n"
     "Loads the plugin in a child process and tries all that it offers: symbols and description, start and stop,\n"
     "shape functions with hostile inputs, gradients against differences, each kernel on each element type against\n"
     "the reference kernel, optimizers, devices, compilers, passes. A crash or a hang is reported, with what\n"
     "happened where, and the rest goes on. Exit code 0: all passed; 1: something failed, or nothing was executed.\n\n"
     "Options:\n"
     "  --op OP                 only what speaks of this op\n"
     "  --case CASE             one case again, by the name the report gives\n"
     "  --bench                 each kernel's time against the reference kernel's as well\n"
     "  --timeout SECONDS       for all together; 300 otherwise\n"
     "  --case-timeout SECONDS  for one case; 10 otherwise\n" JSON
     "\nExamples:\n  runnel plugin check ./mine.so\n  runnel plugin check ./mine.so --op Swish --bench\n"},
    {"plugin info", command_plugin, "one plugin in full",
     "runnel plugin info ID [--json]\n\n"
     "Its files, folder and state, the ABI and the processor it was built for, what it offers by name, and which "
     "other\n"
     "plugins have its id. Opens no plugin.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel plugin info cpu\n"},
    {"plugin why", command_plugin, "say why a plugin does not load, and what helps",
     "runnel plugin why ID|FILE [--timeout SECONDS] [--json]\n\n"
     "Looks at its state, its manifest and its file, then tries it in a process of its own. Says at which step it\n"
     "failed, the cause as the system gave it, what to do, and which folders were searched.\n\n"
     "Options:\n"
     "  --timeout SECONDS   how long each step may take (10)\n"
     "  --json              print JSON instead of text\n"
     "\nExamples:\n  runnel plugin why cpu\n  runnel plugin why ./mine.so\n"},
    {"plugin verify", command_plugin, "load, start and stop plugins, each in a process of its own",
     "runnel plugin verify [ID|FILE] [--timeout SECONDS] [--json]\n\n"
     "Without a name, all that are in force. A plugin that crashes or hangs is put in quarantine: no program loads\n"
     "this build of it, until `runnel plugin enable` lifts that or the file changes.\n\n"
     "Options:\n"
     "  --timeout SECONDS   how long each step may take (10)\n"
     "  --json              print JSON instead of text\n"
     "\nExamples:\n  runnel plugin verify\n  runnel plugin verify cpu\n"},
    {"plugin install", command_plugin, "put a plugin where every program finds it",
     "runnel plugin install FILE|DIR [NAME]... [--system] [--force] [--timeout SECONDS] [--json]\n\n"
     "FILE is a plugin (NAME.so) or an archive (.tar.gz, .tar.xz, ...). A folder NAME/ with NAME/NAME.so is installed\n"
     "with everything in it. Of several plugins in one place, say which. Nothing is downloaded. The plugin is loaded,\n"
     "started and stopped in a process of its own before anything is put into place, and one that fails is refused.\n"
     "An installed plugin with the same id is replaced in one step.\n\n"
     "Options:\n"
     "  --system            for everybody, beside librunnel; else for you, in ~/.local/share/runnel/plugins\n"
     "  --force             replace a newer version, or what install did not put there\n"
     "  --timeout SECONDS   how long each step of the trial may take (10)\n"
     "  --json              print JSON instead of text\n"
     "\nExamples:\n  runnel plugin install build/swish.so\n  runnel plugin install swish-1.0.tar.gz\n"},
    {"plugin remove", command_plugin, "take out what install put in",
     "runnel plugin remove ID [--system] [--json]\n\n"
     "Removes the files that install wrote down, and no other. Programs that run keep the plugin until they end.\n\n"
     "Options:\n"
     "  --system   from the folder beside librunnel instead of your own\n"
     "  --json     print JSON instead of text\n"
     "\nExamples:\n  runnel plugin remove swish\n"},
    {"plugin disable", command_plugin, "keep a plugin from being loaded",
     "runnel plugin disable ID [--json]\n\n"
     "For you, in all programs that start from now on. The setting plugins.disable does the same.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel plugin disable swish\n"},
    {"plugin enable", command_plugin, "undo disable, or lift a quarantine",
     "runnel plugin enable ID [--json]\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel plugin enable swish\n"},
    {"config", command_config, "each setting, its value and where it comes from",
     "runnel config [--json]\n\n"
     "A setting comes from a flag, the environment, a file (shown with the line) or is a default.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel config\n  RUNNEL_RUN_THREADS=1 runnel config\n"},
    {"run", command_run, "run a graph file",
     "runnel run GRAPH [--feed NAME=VALUE]... --fetch NAME[:PORT]... [--out NAME[:PORT]=@FILE]...\n"
     "           [--target NODE]... [--checkpoint PREFIX] [--device DEVICE] [--explain] [--json]\n\n"
     "GRAPH is a GraphDef (.pb, .pbtxt), a MetaGraphDef (.meta) or the folder of a saved model. The variables of\n"
     "the last two get the values of the checkpoint that lies beside the graph, if there is one.\n\n"
     "Options:\n"
     "  --feed NAME=VALUE         what a placeholder holds: a number, a list like 1,2,3 (shaped as the placeholder "
     "is,\n"
     "                            as far as that is known), or @FILE.npy\n"
     "  --fetch NAME[:PORT]       a value to compute and print\n"
     "  --out NAME[:PORT]=@FILE   a value to compute and write to an .npy file\n"
     "  --target NODE             a node to run for its effect\n"
     "  --checkpoint PREFIX       what the variables are restored from; none leaves them uninitialised\n"
     "  --device DEVICE           the device to prefer: cpu, vulkan:0, vulkan:name~Radeon\n"
     "  --explain                 print the plan first: each node's device and kernel, and why\n"
     "  --json                    print JSON instead of text\n"
     "\nExamples:\n"
     "  runnel run half_plus_two.pb --feed x=0.5 --fetch y:0\n"
     "  runnel run net.pb --feed image=@in.npy --out logits=@out.npy\n"
     "  runnel run lab2/model-2000.meta --feed images=@x.npy --fetch softmax_linear/add\n"},
    {"explain", command_explain, "which kernels could run each node of a graph, which does, and why",
     "runnel explain GRAPH [--fetch NAME[:PORT]]... [--target NODE]... [--feed NAME]... [--device DEVICE]\n"
     "               [--node PATTERN] [--json]\n\n"
     "For each node: the device and the kernel, the rule that decided on each, and every candidate in order. * is\n"
     "the one chosen, + one that would take the node too, - one that refuses, with its reason. Nothing is run.\n"
     "A node that nothing can run is explained like any other.\n\n"
     "Options:\n"
     "  --fetch NAME[:PORT]  explain what this value needs; without fetches and targets, the whole graph\n"
     "  --target NODE        explain what this node needs\n"
     "  --feed NAME          a value that is given; placeholders always are\n"
     "  --device DEVICE      the device to prefer: cpu, vulkan:0, vulkan:name~Radeon\n"
     "  --node PATTERN       print these nodes only, as 'layer1/*'\n" JSON
     "\nExamples:\n  runnel explain half_plus_two.pb\n  runnel explain net.pb --fetch logits --node '*conv*'\n"},
    {"show", command_show, "print a graph file as text",
     "runnel show GRAPH [--json]\n\n"
     "GRAPH is a GraphDef (.pb, .pbtxt), a MetaGraphDef (.meta) or the folder of a saved model. One line for each\n"
     "node: its op, its inputs, the types and shapes of its outputs.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel show net.pb\n"},
    {"draw", command_draw, "draw a graph file",
     "runnel draw GRAPH -o FILE [--depth N] [--from NODE] [--to NODE] [--around NODE [--hops N]]\n"
     "            [--highlight PATTERN] [--title TEXT]\n\n"
     "The ending of FILE chooses the format: .svg, .png, .pdf, or .dot for Graphviz's own. What trains, saves and\n"
     "initialises is one box each; in large graphs parameters join the operation that reads them.\n\n"
     "Options:\n"
     "  -o FILE              where the picture goes\n"
     "  --depth N            fold name scopes deeper than N into one box each; all folds nothing\n"
     "  --from NODE          only what NODE leads to\n"
     "  --to NODE            only what leads to NODE\n"
     "  --around NODE        only what is near NODE\n"
     "  --hops N             how near: so many steps, 2 if not said\n"
     "  --highlight PATTERN  a heavy line around the nodes with such names, as conv*\n"
     "  --title TEXT         what stands above the graph\n"
     "\nExamples:\n"
     "  runnel draw net.pb -o net.svg\n"
     "  runnel draw model-1000.meta -o net.png --depth 2\n"
     "  runnel draw net.pb -o part.svg --around conv2/Conv2D --highlight 'conv2/*'\n"},
    {"plot", command_plot, "the numbers of runs as curves",
     "runnel plot DIR [-o FILE] [--tag TAG]... [--log] [--smooth WEIGHT] [--title TEXT] [--json]\n\n"
     "Reads the event files of DIR, or of the folders in it, one a run; they may be Runnel's or TensorFlow's, and\n"
     "still growing. Without -o each curve is a line of text.\n\n"
     "Options:\n"
     "  -o FILE          draw to FILE, .svg or .png\n"
     "  --tag TAG        only the numbers with this tag; if not said, a drawing shows the loss\n"
     "  --log            a logarithmic scale\n"
     "  --smooth WEIGHT  weight of what came before, from 0 to below 1; the points stay, faint\n"
     "  --title TEXT     what stands above the curves\n" JSON
     "\nExamples:\n  runnel plot lab2\n  runnel plot runs -o loss.svg --smooth 0.9\n"},
    {NULL, NULL, NULL, NULL},
};

const char common_help[] =
    "Options:\n"
    "  --set SECTION.KEY=VALUE  change a setting for this call; as often as wanted\n"
    "  --config FILE            read this configuration file and no other\n"
    "  --help                   the help of the command\n"
    "  --version                the version of Runnel\n";

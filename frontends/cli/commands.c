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
    {"run", command_run, "run a graph file, and tell where the time went",
     "runnel run GRAPH [--feed NAME=VALUE]... --fetch NAME[:PORT]... [--out NAME[:PORT]=@FILE]...\n"
     "           [--target NODE]... [--checkpoint PREFIX] [--device DEVICE] [--steps N] [--table [--rows N]]\n"
     "           [--trace FILE] [--logdir DIR] [--explain] [--json]\n\n"
     "GRAPH is a GraphDef (.pb, .pbtxt), a MetaGraphDef (.meta) or the folder of a saved model. The variables of\n"
     "the last two get the values of the checkpoint that lies beside the graph, if there is one.\n\n"
     "The first step is slower than those after it: it is planned, kernels get ready, variables move to their device.\n"
     "With --steps the last step is the one that is traced and printed.\n\n"
     "Options:\n"
     "  --feed NAME=VALUE         what a placeholder holds: a number, a list like 1,2,3 (shaped as the placeholder "
     "is,\n"
     "                            as far as that is known), or @FILE.npy\n"
     "  --fetch NAME[:PORT]       a value to compute and print\n"
     "  --out NAME[:PORT]=@FILE   a value to compute and write to an .npy file\n"
     "  --target NODE             a node to run for its effect\n"
     "  --checkpoint PREFIX       what the variables are restored from; none leaves them uninitialised\n"
     "  --device DEVICE           the device to prefer: cpu, vulkan:0, vulkan:name~Radeon, tpu:v1\n"
     "  --steps N                 run so many steps; the values are those of the last\n"
     "  --table                   print the slowest nodes and types of operation of the last step\n"
     "  --rows N                  so many of each, 15 if not said\n"
     "  --trace FILE              the table, and what ran when, for Perfetto (https://ui.perfetto.dev)\n"
     "  --logdir DIR              write the graph and the times of the last step into an event file\n"
     "  --explain                 print the plan first: each node's device and kernel, and why\n"
     "  --json                    print JSON instead of text\n"
     "\nExamples:\n"
     "  runnel run half_plus_two.pb --feed x=0.5 --fetch y:0\n"
     "  runnel run net.pb --feed image=@in.npy --out logits=@out.npy\n"
     "  runnel run net.pb --feed image=@in.npy --target logits --steps 10 --trace net.json --device vulkan\n"
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
     "  --device DEVICE      the device to prefer: cpu, vulkan:0, vulkan:name~Radeon, tpu:v1\n"
     "  --node PATTERN       print these nodes only, as 'layer1/*'\n" JSON
     "\nExamples:\n  runnel explain half_plus_two.pb\n  runnel explain net.pb --fetch logits --node '*conv*'\n"},
    {"show", command_show, "print a graph file as text",
     "runnel show GRAPH [--json]\n\n"
     "GRAPH is a GraphDef (.pb, .pbtxt), a MetaGraphDef (.meta) or the folder of a saved model. One line for each\n"
     "node: its op, its inputs, the types and shapes of its outputs.\n\n"
     "Options:\n" JSON "\nExamples:\n  runnel show net.pb\n"},
    {"draw", command_draw, "draw a graph file, and what happened when it ran",
     "runnel draw GRAPH -o FILE [--depth N] [--from NODE] [--to NODE] [--around NODE [--hops N]]\n"
     "            [--function NAME] [--highlight PATTERN] [--title TEXT]\n"
     "            [--color device|time|memory] [--trace FILE|DIR]\n"
     "            [--device DEVICE] [--feed NAME=VALUE]... [--fetch NAME[:PORT]]... [--target NODE]...\n"
     "            [--steps N] [--checkpoint PREFIX]\n\n"
     "The ending of FILE chooses the format: .svg, .png, .pdf, or .dot for Graphviz's own. What trains, saves and\n"
     "initialises is one box each; in large graphs parameters join the operation that reads them.\n\n"
     "--color device shows the plan: who would run each node, what compilers claimed, where values are copied; in an\n"
     ".svg the mouse finds the kernel, and who refused and why. --color time and memory show a step that ran: one "
     "that\n"
     "'runnel run' wrote with --trace or --logdir, or one that is run now, of what --fetch or --target asks for.\n\n"
     "Options:\n"
     "  -o FILE              where the picture goes\n"
     "  --depth N            fold name scopes deeper than N into one box each; all folds nothing\n"
     "  --from NODE          only what NODE leads to\n"
     "  --to NODE            only what leads to NODE\n"
     "  --around NODE        only what is near NODE\n"
     "  --hops N             how near: so many steps, 2 if not said\n"
     "  --function NAME      the body of a function, which NAME is or which the node NAME calls\n"
     "  --highlight PATTERN  a heavy line around the nodes with such names, as conv*\n"
     "  --title TEXT         what stands above the graph\n"
     "  --color WHAT         device, time or memory (of results)\n"
     "  --trace FILE|DIR     a file of runnel run --trace, or a folder of event files: their last step\n"
     "  --device DEVICE      the device to prefer; alone it means --color device\n"
     "  --feed NAME=VALUE    as for runnel run, which see; so are --fetch, --target and --checkpoint\n"
     "  --fetch NAME[:PORT]  a value to compute\n"
     "  --target NODE        a node to run for its effect\n"
     "  --steps N            run so many steps and show the last, which needs no planning any more\n"
     "  --checkpoint PREFIX  what the variables are restored from\n"
     "\nExamples:\n"
     "  runnel draw net.pb -o net.svg\n"
     "  runnel draw model-1000.meta -o net.png --depth 2\n"
     "  runnel draw net.pb -o part.svg --around conv2/Conv2D --highlight 'conv2/*'\n"
     "  runnel draw saved/ -o body.svg --function StatefulPartitionedCall\n"
     "  runnel draw net.pb -o plan.svg --device vulkan\n"
     "  runnel draw net.pb -o times.svg --color time --feed image=@in.npy --fetch logits --steps 5\n"},
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
    {"report", command_report, "the runs of a folder as one page to look at",
     "runnel report DIR -o FILE [--json]\n\n"
     "Reads the event files and checkpoints of DIR, or of the folders in it, one a run; they may be Runnel's or\n"
     "TensorFlow's. FILE is a page with everything in it, which needs no network: curves, histograms, pictures, the\n"
     "graph, timelines of steps, checkpoints, devices and plugins. Long curves are thinned to 1000 points; of\n"
     "pictures the last twelve stay. What is damaged is told on the page and on standard error.\n\n"
     "Options:\n"
     "  -o FILE  where the page goes, FILE.html\n"
     "  --json   the page's data as JSON, to FILE or to the standard output\n"
     "\nExamples:\n  runnel report lab2 -o report.html\n  runnel report runs -o report.html\n"},
    {"board", command_board, "the same page, served, and following the runs",
     "runnel board DIR [--port N] [--host NAME] [--json]\n\n"
     "Serves the page of `runnel report` to a browser on this machine and adds what event files gain, new runs and\n"
     "new checkpoints. DIR may be empty at first. Prints the address. Ctrl-C ends it.\n\n"
     "Only requests for the page are answered, and only under an address, localhost or the name of --host. There is\n"
     "no password: with another --host than the usual one, everybody who reaches it sees the runs.\n\n"
     "Options:\n"
     "  --port N     the port; 6007 if not said, 0 for any free one\n"
     "  --host NAME  the address or name to listen on; 127.0.0.1 if not said\n"
     "  --json       print address and port as JSON\n"
     "\nExamples:\n  runnel board lab2\n  runnel board runs --port 0\n"},
    {"tpu compile", command_tpu, "the programs a graph becomes for the matrix machine",
     "runnel tpu compile GRAPH -o FILE [--feed NAME=VALUE]... [--shape NAME=SHAPE]... [--batch N]\n"
     "                   [--fetch NAME[:PORT]]... [--target NODE]... [--device DEVICE] [--json]\n\n"
     "Compiles and runs nothing. One program goes to FILE; several, or any number, to a folder FILE/, from which they\n"
     "are taken by runnel tpu run, and with the setting programs.folder. Programs depend on shapes: placeholders hold\n"
     "zeros, and dimensions that the graph leaves open are N, unless they are fed.\n\n"
     "Options:\n"
     "  -o FILE              where the program goes, or the folder for them\n"
     "  --feed NAME=VALUE    what a placeholder holds, as in runnel run: its shape counts\n"
     "  --shape NAME=SHAPE   zeros of this shape for a placeholder, as x=100x784\n"
     "  --batch N            what open dimensions are taken for; 1 if not said\n"
     "  --fetch NAME[:PORT]  compile what this value needs; without fetches and targets, the whole graph\n"
     "  --target NODE        compile what this node needs\n"
     "  --device DEVICE      the machine: tpu:bf16 if not said, tpu:v1\n" JSON
     "\nExamples:\n  runnel tpu compile net.pb -o net.tpu --batch 32\n  runnel tpu compile net.pb -o programs/\n"},
    {"tpu disasm", command_tpu, "a program file as text",
     "runnel tpu disasm FILE [--device DEVICE] [--json]\n\n"
     "First what goes in and comes out (io0, io1, ...) and which nodes it computes, then its instructions. A file of\n"
     "another machine, of another version, or one that is cut or spoilt is refused with the reason.\n\n"
     "Options:\n"
     "  --device DEVICE  the machine to check it against, instead of the one it was made for\n" JSON
     "\nExamples:\n  runnel tpu disasm net.tpu\n"},
    {"tpu run", command_tpu, "run a program file, or a graph with the programs compiled for it",
     "runnel tpu run FILE|GRAPH [--feed NAME=VALUE]... [--programs FOLDER] [--fetch NAME[:PORT]]... [--device DEVICE]\n"
     "               [--json]\n\n"
     "Nothing is compiled. A program file takes what goes into it by name, its variables too, and prints what comes\n"
     "out. A graph runs as by runnel run, whose other options go here too; a part of it that became no program runs "
     "on\n"
     "the host, and one whose program is not in FOLDER is an error.\n\n"
     "Options:\n"
     "  --feed NAME=VALUE    what goes in: numbers like 1,2,3, or @FILE.npy\n"
     "  --programs FOLDER    for a graph: where its programs are\n"
     "  --fetch NAME[:PORT]  of a graph: a value to compute and print\n"
     "  --device DEVICE      the machine: that of the file, or for a graph tpu:bf16\n" JSON "\nExamples:\n"
     "  runnel tpu run net.tpu --feed x=@in.npy\n"
     "  runnel tpu run net.pb --programs programs --feed x=@in.npy --fetch logits\n"},
    {"tpu profile", command_tpu, "what the matrix machine does in each cycle of a program",
     "runnel tpu profile GRAPH [-o FILE] [--feed NAME=VALUE]... [--batch N] [--fetch NAME[:PORT]]... [--target "
     "NODE]...\n"
     "                   [--device DEVICE] [--title TEXT] [--json]\n\n"
     "A line for each program: its time, the operations per second it achieves and the most that the memory allows,\n"
     "and what the array does, in percent of the cycles. -o draws them below the machine's roof.\n\n"
     "Options:\n"
     "  -o FILE              draw the roofline to FILE, .svg or .png\n"
     "  --feed NAME=VALUE    what a placeholder holds, as in runnel run: its shape counts\n"
     "  --shape NAME=SHAPE   zeros of this shape for a placeholder, as x=100x784\n"
     "  --batch N            what open dimensions are taken for; 1 if not said\n"
     "  --fetch NAME[:PORT]  profile what this value needs; without fetches and targets, the whole graph\n"
     "  --target NODE        profile what this node needs\n"
     "  --device DEVICE      the machine: tpu:bf16 if not said, tpu:v1\n"
     "  --title TEXT         what stands above the picture\n" JSON
     "\nExamples:\n  runnel tpu profile net.pb --batch 100\n  runnel tpu profile net.pb --batch 100 -o roofline.svg\n"},
    {NULL, NULL, NULL, NULL},
};

const char common_help[] =
    "Options:\n"
    "  --set SECTION.KEY=VALUE  change a setting for this call; as often as wanted\n"
    "  --config FILE            read this configuration file and no other\n"
    "  --help                   the help of the command\n"
    "  --version                the version of Runnel\n";

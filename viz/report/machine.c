/* machine.c - which devices and plugins there are where the page is made (viz/report). */
#include "gather.h"

static void visit_device(void *arg, const rn_device_entry *d) {
  json *j = arg;
  json_begin(j, NULL, '{');
  json_word(j, "device", d->full_name);
  json_word(j, "name", d->name);
  json_word(j, "vendor", d->vendor);
  json_word(j, "driver", d->driver);
  json_word(j, "plugin", d->plugin);
  json_number(j, "memory", (double)d->memory_bytes);
  json_end(j, '}');
}

static void visit_plugin(void *arg, const rn_plugin_info *p) {
  json *j = arg;
  json_begin(j, NULL, '{');
  json_word(j, "id", p->id);
  json_word(j, "version", p->version);
  json_word(j, "doc", p->doc);
  json_word(j, "state", p->state);
  json_word(j, "reason", p->reason);
  json_whole(j, "ops", p->n_ops);
  json_whole(j, "kernels", p->n_kernels);
  json_whole(j, "devices", p->n_devices);
  json_whole(j, "compilers", p->n_compilers);
  json_whole(j, "optimizers", p->n_optimizers);
  json_whole(j, "passes", p->n_passes);
  json_end(j, '}');
}

/* A device that does not open is no reason to show no page: it is missing in the list. */
void machine_print(rn_runtime *rt, json *j) {
  json_begin(j, NULL, '{');
  json_word(j, "version", rn_version());
  json_begin(j, "devices", '[');
  rn_status *failed = rn_runtime_devices(rt, visit_device, j);
  json_end(j, ']');
  json_word(j, "trouble", rn_status_message(failed));
  rn_status_free(failed);
  json_begin(j, "plugins", '[');
  rn_runtime_plugins(rt, visit_plugin, j);
  json_end(j, ']');
  json_end(j, '}');
}

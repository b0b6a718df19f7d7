/* hint.h - what to do about a reason not to load a plugin (frontends/cli/plugin). */
#ifndef RN_CLI_PLUGIN_HINT_H
#define RN_CLI_PLUGIN_HINT_H

typedef struct plugin_hint {
  const char *part;  /* of the reason's words */
  const char *cause; /* one word for programs: "undefined-symbol" */
  const char *todo;  /* for people */
} plugin_hint;
const plugin_hint *plugin_hint_for(const char *reason); /* never NULL */
#endif

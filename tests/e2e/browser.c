/* browser.c - a real browser, headless, driven over its pipe (tests/e2e). */
#include "browser.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { PATIENCE_MS = 60000 };

static void pause_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL); }

/* ---- the process */
static void become_browser(const browser *b, int in, int out, int width, int height) {
  char profile[96], size[64];
  snprintf(profile, sizeof profile, "--user-data-dir=%s", b->profile);
  snprintf(size, sizeof size, "--window-size=%d,%d", width, height);
  int quiet = open("/dev/null", O_RDWR);
  /* First out of the way of 3 and 4, then onto them. */
  int high_in = fcntl(in, F_DUPFD, 10), high_out = fcntl(out, F_DUPFD, 10);
  dup2(quiet, 0);
  dup2(quiet, 1);
  dup2(quiet, 2);
  dup2(high_in, 3);
  dup2(high_out, 4);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no browser behind */
  unsetenv("LD_PRELOAD");
  execlp("chromium", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB",
         profile, size, "about:blank", (char *)NULL);
  _exit(127);
}

static void attach(browser *b) {
  cJSON *targets = browser_call(b, "Target.getTargets", NULL), *one = NULL;
  const char *id = NULL;
  cJSON_ArrayForEach(
      one, cJSON_GetObjectItem(
               targets, "targetInfos")) if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(one, "type")), "page") == 0)
      id = cJSON_GetStringValue(cJSON_GetObjectItem(one, "targetId"));
  assert_non_null(id);
  cJSON *how = cJSON_CreateObject();
  cJSON_AddStringToObject(how, "targetId", id);
  cJSON_AddBoolToObject(how, "flatten", 1);
  cJSON *attached = browser_call(b, "Target.attachToTarget", how);
  snprintf(b->session, sizeof b->session, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(attached, "sessionId")));
  cJSON_Delete(attached);
  cJSON_Delete(targets);
  static const char *const on[] = {"Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "DOM.enable"};
  for (size_t i = 0; i < sizeof on / sizeof *on; i++) cJSON_Delete(browser_call(b, on[i], NULL));
}

int browser_open(browser *b, int width, int height) {
  int down[2], up[2];
  memset(b, 0, sizeof *b);
  if (system("command -v chromium > /dev/null 2>&1") != 0) return 0;
  signal(SIGPIPE, SIG_IGN);
  snprintf(b->profile, sizeof b->profile, "/tmp/runnel_browser_XXXXXX");
  assert_non_null(mkdtemp(b->profile));
  assert_int_equal(pipe2(down, O_CLOEXEC), 0);
  assert_int_equal(pipe2(up, O_CLOEXEC), 0);
  b->pid = fork();
  if (b->pid == 0) become_browser(b, down[0], up[1], width, height);
  close(down[0]);
  close(up[1]);
  b->to = down[1];
  b->from = up[0];
  attach(b);
  browser_resize(b, width, height);
  return 1;
}

void browser_close(browser *b) {
  char remove[96];
  int status = 0;
  b->session[0] = '\0';
  if (write(b->to, "{\"id\":999999,\"method\":\"Browser.close\"}", 39) == 39)
    for (int i = 0; i < 100 && waitpid(b->pid, &status, WNOHANG) == 0; i++) pause_ms(50);
  if (waitpid(b->pid, &status, WNOHANG) == 0) {
    kill(b->pid, SIGKILL);
    waitpid(b->pid, &status, 0);
  }
  close(b->to);
  close(b->from);
  free(b->buffer);
  snprintf(remove, sizeof remove, "rm -rf '%s'", b->profile);
  if (system(remove) != 0) print_message("%s stays behind\n", b->profile);
}

/* ---- messages */
static void send_all(browser *b, const char *text, size_t size) {
  while (size > 0) {
    ssize_t n = write(b->to, text, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_msg("the browser does not listen: %s", strerror(errno));
    text += n;
    size -= (size_t)n;
  }
}

static void read_more(browser *b) {
  struct pollfd p = {.fd = b->from, .events = POLLIN};
  if (poll(&p, 1, PATIENCE_MS) <= 0) fail_msg("the browser says nothing for a minute");
  if (b->room - b->size < 65536) {
    b->room = b->room * 2 + 131072;
    b->buffer = realloc(b->buffer, b->room);
    assert_non_null(b->buffer);
  }
  ssize_t n = read(b->from, b->buffer + b->size, b->room - b->size);
  if (n <= 0) fail_msg("the browser has ended");
  b->size += (size_t)n;
}

/* own: owned */
static cJSON *next_message(browser *b) {
  char *end;
  while (b->size == 0 || (end = memchr(b->buffer, 0, b->size)) == NULL) read_more(b);
  cJSON *m = cJSON_Parse(b->buffer);
  assert_non_null(m);
  size_t used = (size_t)(end - b->buffer) + 1;
  memmove(b->buffer, b->buffer + used, b->size - used);
  b->size -= used;
  return m;
}

static void complain(browser *b, const cJSON *params) {
  char *text = cJSON_PrintUnformatted(params);
  snprintf(b->complaint, sizeof b->complaint, "%s", text);
  free(text);
  b->n_complaints++;
}

static const char *text_at(const cJSON *o, const char *a, const char *c) {
  const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(a != NULL ? cJSON_GetObjectItem(o, a) : o, c));
  return s != NULL ? s : "";
}

static void notice(browser *b, const cJSON *m) {
  const char *method = text_at(m, NULL, "method");
  const cJSON *params = cJSON_GetObjectItem(m, "params");
  if (strcmp(method, "Runtime.exceptionThrown") == 0) complain(b, params);
  if (strcmp(method, "Runtime.consoleAPICalled") == 0 && strcmp(text_at(params, NULL, "type"), "error") == 0)
    complain(b, params);
  if (strcmp(method, "Log.entryAdded") == 0 && strcmp(text_at(params, "entry", "level"), "error") == 0)
    complain(b, params);
  if (strcmp(method, "Network.requestWillBeSent") == 0 && strcmp(text_at(params, NULL, "type"), "Document") != 0 &&
      strncmp(text_at(params, "request", "url"), "data:", 5) != 0) {
    snprintf(b->request, sizeof b->request, "%s", text_at(params, "request", "url"));
    b->n_requests++;
  }
}

cJSON *browser_call(browser *b, const char *method, cJSON *params) {
  cJSON *m = cJSON_CreateObject();
  int id = ++b->next_id;
  cJSON_AddNumberToObject(m, "id", id);
  cJSON_AddStringToObject(m, "method", method);
  if (b->session[0] != '\0') cJSON_AddStringToObject(m, "sessionId", b->session);
  if (params != NULL) cJSON_AddItemToObject(m, "params", params);
  char *text = cJSON_PrintUnformatted(m);
  send_all(b, text, strlen(text) + 1);
  free(text);
  cJSON_Delete(m);
  for (;;) {
    cJSON *answer = next_message(b);
    const cJSON *got = cJSON_GetObjectItem(answer, "id");
    if (got == NULL || got->valueint != id) {
      notice(b, answer);
      cJSON_Delete(answer);
      continue;
    }
    if (cJSON_GetObjectItem(answer, "error") != NULL) {
      char *what = cJSON_PrintUnformatted(cJSON_GetObjectItem(answer, "error"));
      fail_msg("%s: %s", method, what);
    }
    cJSON *result = cJSON_DetachItemFromObject(answer, "result");
    cJSON_Delete(answer);
    return result;
  }
}

/* ---- what a person does */
void browser_go(browser *b, const char *url) {
  cJSON *to = cJSON_CreateObject();
  cJSON_AddStringToObject(to, "url", url);
  cJSON_Delete(browser_call(b, "Page.navigate", to));
  if (!browser_wait(b, "document.body !== null && document.body.dataset.ready === 'yes'"))
    fail_msg("the page is not drawn: %s", b->complaint);
}

void browser_resize(browser *b, int width, int height) {
  cJSON *p = cJSON_CreateObject();
  cJSON_AddNumberToObject(p, "width", width);
  cJSON_AddNumberToObject(p, "height", height);
  cJSON_AddNumberToObject(p, "deviceScaleFactor", 1);
  cJSON_AddBoolToObject(p, "mobile", 0);
  cJSON_Delete(browser_call(b, "Emulation.setDeviceMetricsOverride", p));
}

void browser_prefer(browser *b, const char *scheme) {
  cJSON *p = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(p, "features"), *one = cJSON_CreateObject();
  cJSON_AddStringToObject(one, "name", "prefers-color-scheme");
  cJSON_AddStringToObject(one, "value", scheme);
  cJSON_AddItemToArray(list, one);
  cJSON_Delete(browser_call(b, "Emulation.setEmulatedMedia", p));
}

cJSON *browser_value(browser *b, const char *script) {
  cJSON *p = cJSON_CreateObject();
  cJSON_AddStringToObject(p, "expression", script);
  cJSON_AddBoolToObject(p, "returnByValue", 1);
  cJSON_AddBoolToObject(p, "awaitPromise", 1);
  cJSON *r = browser_call(b, "Runtime.evaluate", p);
  if (cJSON_GetObjectItem(r, "exceptionDetails") != NULL) {
    char *what = cJSON_PrintUnformatted(cJSON_GetObjectItem(r, "exceptionDetails"));
    fail_msg("%s: %.600s", script, what);
  }
  cJSON *value = cJSON_DetachItemFromObject(cJSON_GetObjectItem(r, "result"), "value");
  cJSON_Delete(r);
  return value != NULL ? value : cJSON_CreateNull();
}

void browser_do(browser *b, const char *script) { cJSON_Delete(browser_value(b, script)); }

void browser_focus(browser *b, const char *script) {
  char whole[1024];
  snprintf(whole, sizeof whole, "(%s).focus()", script);
  browser_do(b, whole);
}

double browser_number(browser *b, const char *script) {
  cJSON *v = browser_value(b, script);
  if (!cJSON_IsNumber(v)) fail_msg("no number: %s", script);
  double n = v->valuedouble;
  cJSON_Delete(v);
  return n;
}

int browser_is(browser *b, const char *script) {
  cJSON *v = browser_value(b, script);
  int is = cJSON_IsTrue(v);
  cJSON_Delete(v);
  return is;
}

int browser_wait(browser *b, const char *script) {
  for (int i = 0; i < 300; i++) {
    if (browser_is(b, script)) return 1;
    pause_ms(100);
  }
  return 0;
}

static void mouse(browser *b, const char *type, double x, double y, double dy) {
  cJSON *p = cJSON_CreateObject();
  cJSON_AddStringToObject(p, "type", type);
  cJSON_AddNumberToObject(p, "x", x);
  cJSON_AddNumberToObject(p, "y", y);
  if (strcmp(type, "mouseWheel") == 0) {
    cJSON_AddNumberToObject(p, "deltaX", 0);
    cJSON_AddNumberToObject(p, "deltaY", dy);
  } else if (strcmp(type, "mouseMoved") != 0) {
    cJSON_AddStringToObject(p, "button", "left");
    cJSON_AddNumberToObject(p, "clickCount", 1);
  }
  cJSON_Delete(browser_call(b, "Input.dispatchMouseEvent", p));
}

static void middle_of(browser *b, const char *script, double *x, double *y) {
  char whole[2048];
  snprintf(whole, sizeof whole,
           "(() => { const e = (%s), r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / "
           "2]; })()",
           script);
  cJSON *at = browser_value(b, whole);
  assert_int_equal(cJSON_GetArraySize(at), 2);
  *x = cJSON_GetArrayItem(at, 0)->valuedouble;
  *y = cJSON_GetArrayItem(at, 1)->valuedouble;
  cJSON_Delete(at);
}

void browser_click(browser *b, const char *script) {
  double x, y;
  middle_of(b, script, &x, &y);
  mouse(b, "mouseMoved", x, y, 0);
  mouse(b, "mousePressed", x, y, 0);
  mouse(b, "mouseReleased", x, y, 0);
}

void browser_wheel(browser *b, const char *script, double dy) {
  double x, y;
  middle_of(b, script, &x, &y);
  mouse(b, "mouseMoved", x, y, 0);
  mouse(b, "mouseWheel", x, y, dy);
}

static void key_event(browser *b, const char *type, const char *key) {
  static const struct {
    const char *key;
    int code;
  } codes[] = {{"Enter", 13},      {"Tab", 9},        {"Escape", 27}, {"ArrowLeft", 37}, {"ArrowUp", 38},
               {"ArrowRight", 39}, {"ArrowDown", 40}, {"Home", 36},   {"End", 35}};
  cJSON *p = cJSON_CreateObject();
  int code = key[1] == '\0' ? key[0] : 0;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(codes[i].key, key) == 0) code = codes[i].code;
  cJSON_AddStringToObject(p, "type", type);
  cJSON_AddStringToObject(p, "key", key);
  cJSON_AddNumberToObject(p, "windowsVirtualKeyCode", code);
  if (strcmp(type, "keyDown") == 0 && key[1] == '\0') cJSON_AddStringToObject(p, "text", key);
  if (strcmp(type, "keyDown") == 0 && strcmp(key, "Enter") == 0) cJSON_AddStringToObject(p, "text", "\r");
  cJSON_Delete(browser_call(b, "Input.dispatchKeyEvent", p));
}

void browser_key(browser *b, const char *key) {
  key_event(b, "keyDown", key);
  key_event(b, "keyUp", key);
}

void browser_type(browser *b, const char *text) {
  cJSON *p = cJSON_CreateObject();
  cJSON_AddStringToObject(p, "text", text);
  cJSON_Delete(browser_call(b, "Input.insertText", p));
}

/* ---- pictures */
static void write_base64(const char *text, FILE *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0;
  int n = 0;
  for (; *text != '\0' && *text != '='; text++) {
    bits = bits << 6 | (uint32_t)(strchr(digits, *text) - digits);
    n += 6;
    if (n < 8) continue;
    n -= 8;
    fputc((int)(bits >> n & 255), out);
  }
}

void browser_shot(browser *b, const char *path) {
  cJSON *p = cJSON_CreateObject();
  cJSON_AddStringToObject(p, "format", "png");
  cJSON *r = browser_call(b, "Page.captureScreenshot", p);
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  write_base64(cJSON_GetStringValue(cJSON_GetObjectItem(r, "data")), out);
  fclose(out);
  cJSON_Delete(r);
}

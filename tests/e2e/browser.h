/* browser.h - a real browser, headless, driven over its pipe (tests/e2e).
 *
 * Chromium speaks its DevTools protocol over the descriptors 3 and 4: JSON, each message ended by a zero byte. Whatever
 * the page complains of and asks the network for is counted. A failure of the protocol itself fails the test. */
#ifndef RN_TEST_BROWSER_H
#define RN_TEST_BROWSER_H
#include <cjson/cJSON.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct browser {
  pid_t pid;
  int to, from;
  char *buffer, profile[64];
  size_t size, room;
  int next_id;
  char session[64];
  int n_requests, n_complaints; /* requests other than the page itself and data: */
  char complaint[512], request[256];
} browser;
/* 0: there is no browser. */
int browser_open(browser *b, int width, int height);
void browser_close(browser *b);
/* The result object; own: owned, cJSON_Delete. params: given, may be NULL */
cJSON *browser_call(browser *b, const char *method, cJSON *params);
/* Opens an address and waits until the page says that it is drawn. */
void browser_go(browser *b, const char *url);
void browser_resize(browser *b, int width, int height);
void browser_prefer(browser *b, const char *colour_scheme); /* "dark" */
/* What a script gives. Fails when it throws. own: owned */
cJSON *browser_value(browser *b, const char *script);
void browser_do(browser *b, const char *script); /* for its effect */
void browser_focus(browser *b, const char *script);
double browser_number(browser *b, const char *script);
int browser_is(browser *b, const char *script);
/* Waits up to half a minute for a script to be true; 0: it never was. */
int browser_wait(browser *b, const char *script);
/* A click in the middle of the element that a script gives. */
void browser_click(browser *b, const char *script);
void browser_key(browser *b, const char *key); /* "Enter", "ArrowDown", "a" */
void browser_type(browser *b, const char *text);
void browser_wheel(browser *b, const char *script, double dy);
void browser_shot(browser *b, const char *path);
#endif

/* runnel/runnel.h - everything a program that uses Runnel needs (core/include). Plugins include
 * <runnel/plugin.h> instead. */
#ifndef RUNNEL_RUNNEL_H
#define RUNNEL_RUNNEL_H
#include <runnel/graph.h>
#include <runnel/program.h>
#include <runnel/runtime.h>
#include <runnel/session.h>
#include <runnel/status.h>
#include <runnel/tensor.h>
#include <runnel/types.h>
#endif

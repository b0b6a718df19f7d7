/* table.h - sorted tables of keys and values: the SSTable format (plugins/io).
 *
 * A file is data blocks, an empty metaindex block, an index block and a 48-byte footer; every block has
 * a checksum. Keys rise strictly, byte by byte. */
#ifndef RN_IO_TABLE_H
#define RN_IO_TABLE_H
#include <runnel/plugin.h>
#include "bytes.h"

typedef rn_status *(*io_table_visit)(void *arg, io_span key, io_span value);
/* Is this a table, by its footer? */
int io_table_is(io_span file);
/* Calls visit for each entry in order; key and value are borrowed for the call. A status from visit
 * ends the walk. name: for messages. err DATA_LOSS */
rn_status *io_table_each(const rn_host_api *h, const char *name, io_span file, io_table_visit visit, void *arg);

/* Builds a table in memory. Starts zeroed. */
typedef struct io_table_writer {
  io_buffer file, block, index, key;  /* key: the last one */
  io_buffer restarts, index_restarts; /* u32 each */
  uint32_t in_block;
} io_table_writer;
void io_table_add(io_table_writer *w, io_span key, io_span value);
/* Writes what is left; the file is in w->file. 0: out of memory. */
int io_table_finish(io_table_writer *w);
void io_table_drop(io_table_writer *w);
#endif

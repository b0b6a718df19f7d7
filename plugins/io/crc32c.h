/* crc32c.h - the Castagnoli checksum and TensorFlow's mask over it (plugins/io). */
#ifndef RN_IO_CRC32C_H
#define RN_IO_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/* Continues from crc (0 to start). */
uint32_t io_crc32c(uint32_t crc, const void *data, size_t size_bytes);
/* A checksum stored beside its data is rotated and shifted, so that sums over sums stay good. */
static inline uint32_t io_crc_mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }
#endif

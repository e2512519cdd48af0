/*
 * The packets of git's wire (git's gitprotocol-common, "pkt-line"): four hex
 * digits that give the length, themselves included, then as many bytes; 0000
 * is a flush.
 */
#ifndef MUNIMENT_PKTLINE_H
#define MUNIMENT_PKTLINE_H

#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKTLINE_MAX 65516u /* bytes that one packet carries */
#define PKTLINE_HEAD 4u	   /* bytes before them */

/* A packet that is coming in; begin with a zeroed one. */
struct pktline {
	uint8_t bytes[PKTLINE_HEAD + PKTLINE_MAX + 1];
	size_t have; /* bytes of it so far, with the head */
};

/*
 * Take bytes of a stream: *used of them (at most `len`) belong to the packet
 * at hand. *whole is set once that is complete; pktline_next makes room for
 * the one after it. FORMAT_MALFORMED if its length is none of version 0.
 */
enum format_result pktline_put(struct pktline *p, const uint8_t *bytes,
			       size_t len, size_t *used, bool *whole);
void pktline_next(struct pktline *p);

/* Of a whole packet: is it a flush; else its content, with a NUL behind. */
bool pktline_is_flush(const struct pktline *p);
const uint8_t *pktline_data(const struct pktline *p, size_t *len);
/* The same without one LF at its end. */
const char *pktline_text(struct pktline *p, size_t *len);

/* Write the head of a packet with `len` (at most PKTLINE_MAX) bytes. */
void pktline_head(size_t len, char out[PKTLINE_HEAD + 1]);

#endif

#include "padded.h"

#include "agefile.h"
#include "padme.h"

#include <string.h>

uint64_t
padded_missing(enum padded_kind kind, enum agekey_kind key, uint64_t plain,
	       uint64_t least)
{
	uint64_t size = agefile_size(key, 1, plain);

	for (;; size++) {
		uint64_t room;

		size = kind == PADDED_ENTRY ? padme_entry(size) : padme(size);
		room = agefile_room(key, size);
		/* some lengths fall on a chunk's tag: no file has them */
		if (agefile_size(key, 1, room) == size &&
		    (room == plain || room >= plain + least))
			return room - plain;
	}
}

/* The version line, one stanza of known length, and the MAC line after it. */
static int
has_one(const uint8_t *head, size_t len, const char *start, size_t args)
{
	size_t n = strlen(start);
	/* arguments, LF, a body of 32 bytes in base64, LF */
	size_t mac = n + args + 1 + 43 + 1;

	return len > mac + 4 && memcmp(head, start, n) == 0 &&
	       head[n + args] == '\n' && memcmp(head + mac, "--- ", 4) == 0;
}

enum padded_form
padded_form(const uint8_t *head, size_t len)
{
	if (has_one(head, len, "age-encryption.org/v1\n-> X25519 ", 43))
		return PADDED_ONE_OFF;
	if (has_one(head, len, "age-encryption.org/v1\n-> mlkem768x25519 ",
		    1494))
		return PADDED_RING;
	return PADDED_OTHER;
}

#include "padded.h"

#include "agefile.h"
#include "padme.h"

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

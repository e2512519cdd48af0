/*
 * The tag files of a BagIt 1.0 bag (RFC 8493), in the one form that an exhibit
 * package has (EXHIBIT.md 2).
 */
#ifndef MUNIMENT_BAGIT_H
#define MUNIMENT_BAGIT_H

#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BAGIT_FILES_MAX 65536	       /* of a manifest */
#define BAGIT_MANIFEST_MAX (16u << 20) /* bytes */
#define BAGIT_NAME_MAX 128	       /* bytes of a name, NUL included */
#define BAGIT_PATH_MAX 192	       /* bytes of a path, NUL included */
#define BAGIT_DEPTH_MAX 3	       /* names of a path */
#define BAGIT_INFO_MAX 1024	       /* bytes of bag-info.txt, with NUL */
#define BAGIT_AGENT_MAX 64	       /* bytes of "muniment 0.3.0", with NUL */

/* The whole of bagit.txt. */
extern const char bagit_declaration[];

/* True if a file of a package may have this name, or this path. */
bool bagit_is_name(const char *name, size_t len);
bool bagit_is_path(const char *path, size_t len);

struct bagit_file {
	char path[BAGIT_PATH_MAX];
	uint8_t sha256[32];
};

/*
 * A manifest: lines "<hex>  <path>" sorted by path. The files are sorted in
 * place. malloc'ed, *len bytes; NULL without memory.
 */
char *bagit_manifest_encode(struct bagit_file *files, size_t n, size_t *len);
/*
 * Read one, which may be empty: *files is malloc'ed, *n of them, in order, none
 * twice. No two paths may differ in the case of letters only.
 */
enum format_result bagit_manifest_decode(const char *text, size_t len,
					 struct bagit_file **files, size_t *n);
/* The one of this path, or NULL. */
const struct bagit_file *bagit_find(const struct bagit_file *files, size_t n,
				    const char *path);

/* bag-info.txt: these four lines. */
struct bagit_info {
	char agent[BAGIT_AGENT_MAX]; /* Bag-Software-Agent */
	char date[11];		     /* Bagging-Date: YYYY-MM-DD */
	char id[33];		     /* External-Identifier: 32 hex digits */
	uint64_t bytes, files;	     /* Payload-Oxum, of data/ */
};

size_t bagit_info_encode(const struct bagit_info *i, char out[BAGIT_INFO_MAX]);
enum format_result bagit_info_decode(const char *text, size_t len,
				     struct bagit_info *out);

#endif

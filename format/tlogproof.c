#include "tlogproof.h"

#include "base64.h"
#include "lines.h"

#include <stdio.h>
#include <string.h>

#define NODE_LEN 44 /* base64 digits of a hash */

static const char head[] = "c2sp.org/tlog-proof@v1";

char *
tlogproof_encode(const struct tlogproof *p, size_t *len)
{
	struct lines_text t = {0};
	char node[NODE_LEN + 1];

	lines_add(&t, "%s\nindex %llu\n", head, (unsigned long long)p->index);
	for (size_t i = 0; i < p->n; i++) {
		node[base64_encode(p->path[i], 32, true, node)] = '\0';
		lines_add(&t, "%s\n", node);
	}
	lines_add(&t, "\n");
	lines_add_bytes(&t, p->note, p->note_len);
	return lines_text_done(&t, len);
}

enum format_result
tlogproof_decode(const char *text, size_t len, struct tlogproof *out)
{
	struct lines l = {text, text + len};
	struct lines_view v;
	size_t n = 0;

	memset(out, 0, sizeof *out);
	if (len > TLOGPROOF_FILE_MAX)
		return FORMAT_LIMIT;
	if (!lines_next(&l, &v) || !lines_is(&v, head) ||
	    !lines_take(&l, "index", &v) || !lines_number(&v, &out->index) ||
	    v.len != 0)
		return FORMAT_MALFORMED;
	for (;;) {
		if (!lines_next(&l, &v))
			return FORMAT_MALFORMED;
		if (v.len == 0)
			break;
		if (out->n == TLOGPROOF_PATH || v.len != NODE_LEN ||
		    base64_decode(v.text, v.len, true, out->path[out->n], 32,
				  &n) != 0 ||
		    n != 32)
			return FORMAT_MALFORMED;
		out->n++;
	}
	out->note = l.p;
	out->note_len = (size_t)(l.end - l.p);
	return out->note_len > 0 ? FORMAT_OK : FORMAT_MALFORMED;
}

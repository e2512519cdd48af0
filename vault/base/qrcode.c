#include "qrcode.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#define QUIET 4 /* modules of white around a code */

static int
add(struct secret *out, const char *text)
{
	return secret_append(out, text, strlen(text));
}

/* One row: a rectangle for each run of dark modules. */
static int
add_row(const unsigned char *row, int width, int y, struct secret *out)
{
	char text[64];
	int rc = 0;

	for (int x = 0; x < width; x++) {
		int from = x;

		while (x < width && (row[x] & 1) != 0)
			x++;
		if (x == from)
			continue;
		snprintf(text, sizeof text, "M%d %dh%dv1h-%dz", from, y,
			 x - from, x - from);
		rc |= add(out, text);
	}
	secret_wipe(text, sizeof text);
	return rc;
}

int
qrcode_svg(const char *text, struct secret *out, struct err *e)
{
	QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_Q, QR_MODE_8, 1);
	char head[300];
	int side, rc;

	if (q == NULL)
		return err_sys(e, "the QR code");
	side = q->width + 2 * QUIET;
	snprintf(head, sizeof head,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\""
		 " viewBox=\"-%d -%d %d %d\" shape-rendering=\"crispEdges\">\n"
		 "<rect x=\"-%d\" y=\"-%d\" width=\"%d\" height=\"%d\""
		 " fill=\"#fff\"/>\n<path d=\"",
		 QUIET, QUIET, side, side, QUIET, QUIET, side, side);
	rc = add(out, head);
	for (int y = 0; y < q->width; y++)
		rc |= add_row(q->data + y * q->width, q->width, y, out);
	rc |= add(out, "\"/>\n</svg>\n");
	QRcode_free(q);
	if (rc != 0)
		return err_memory(e);
	return 0;
}

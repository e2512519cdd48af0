/*
 * A QR code (ISO/IEC 18004) as an SVG drawing, through libqrencode. The
 * library works in ordinary memory: whoever gives it secrets does so in a
 * process that wipes itself (apart.h).
 */
#ifndef MUNIMENT_QRCODE_H
#define MUNIMENT_QRCODE_H

#include "err.h"
#include "secret.h"

/*
 * Append an <svg> element without a size, four modules of white around the
 * code. A quarter of the code may be damaged (level Q). 0, or -1 with `e`
 * filled.
 */
int qrcode_svg(const char *text, struct secret *out, struct err *e);

#endif

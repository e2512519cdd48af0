/*
 * The fonts of a PDF: Liberation, and DejaVu for what Liberation lacks, from
 * the folders where systems keep them. No settings are read, neither the
 * person's nor the system's, and no cache is written: the same text looks the
 * same everywhere.
 */
#ifndef MUNIMENT_DOCFONT_H
#define MUNIMENT_DOCFONT_H

#include "err.h"

#include <pango/pangocairo.h>

/* One unit is one point. NULL with `e` filled if fonts are missing. */
PangoFontMap *docfont_map(struct err *e);
/* Give it back, with what fontconfig keeps. */
void docfont_done(PangoFontMap *map);

#endif

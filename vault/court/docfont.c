#include "docfont.h"

#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <unistd.h>

static const char *const folders[] = {
    "/usr/share/fonts/truetype/liberation", /* Debian */
    "/usr/share/fonts/truetype/liberation2",
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/liberation-serif", /* Fedora */
    "/usr/share/fonts/liberation-serif-fonts",
    "/usr/share/fonts/liberation-sans",
    "/usr/share/fonts/liberation-sans-fonts",
    "/usr/share/fonts/liberation-mono",
    "/usr/share/fonts/liberation-mono-fonts",
    "/usr/share/fonts/dejavu-sans-fonts",
    "/usr/share/fonts/liberation", /* Arch */
    "/usr/share/fonts/TTF",
    "/usr/local/share/fonts",
};
#define FOLDERS (sizeof folders / sizeof *folders)

/* What comes first is asked first for a letter. */
static const struct {
	const char *file;
	int needed;
} fonts[] = {
    {"LiberationSerif-Regular.ttf", 1},
    {"LiberationSerif-Bold.ttf", 1},
    {"LiberationSans-Regular.ttf", 1},
    {"LiberationSans-Bold.ttf", 1},
    {"LiberationMono-Regular.ttf", 1},
    {"LiberationMono-Bold.ttf", 1},
    {"DejaVuSans.ttf", 1},
    {"DejaVuSans-Bold.ttf", 0},
};
#define FONTS (sizeof fonts / sizeof *fonts)

static int
add_font(FcConfig *config, const char *file)
{
	char path[256];

	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(path, sizeof path, "%s/%s", folders[i], file);
		if (access(path, R_OK) == 0 &&
		    FcConfigAppFontAddFile(config, (const FcChar8 *)path))
			return 0;
	}
	return -1;
}

static FcConfig *
make_config(struct err *e)
{
	FcConfig *config = FcConfigCreate();

	if (config == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < FONTS; i++) {
		if (add_font(config, fonts[i].file) == 0 || !fonts[i].needed)
			continue;
		err_set(e, ERR_UNKNOWN,
			"the font %s, which the PDF needs, is not here",
			fonts[i].file);
		err_hint(e, "install the fonts Liberation and DejaVu (Debian: "
			    "fonts-liberation, fonts-dejavu-core)");
		FcConfigDestroy(config);
		return NULL;
	}
	return config;
}

PangoFontMap *
docfont_map(struct err *e)
{
	FcConfig *config = make_config(e);
	PangoFontMap *map;

	if (config == NULL)
		return NULL;
	/*
	 * Pango starts fontconfig for itself, which would read the person's
	 * settings and write a cache, unless something is current already.
	 */
	FcConfigSetCurrent(config);
	map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	if (map == NULL)
		err_set(e, ERR_UNKNOWN, "pango was built without FreeType");
	else
		pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map),
						    72);
	FcConfigDestroy(config);
	return map;
}

void
docfont_done(PangoFontMap *map)
{
	/*
	 * What cairo keeps for later, it keeps: its
	 * cairo_debug_reset_static_data ends the process while a thread of
	 * pango's still holds a font.
	 */
	g_object_unref(map);
	FcConfigSetCurrent(NULL);
}

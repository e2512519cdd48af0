/*
 * Which libraries are loaded, and holes that their versions are known to have.
 * A library says its own version; what a distribution has mended since, its
 * package's version says.
 */
#include "doctor_inside.h"

#include "cryptolib.h"

#include <archive.h>
#include <curl/curl.h>
#include <git2.h>
#include <gmime/gmime.h>
#include <magic.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STATUS_MAX (64u << 20) /* bytes of dpkg's list */

/*
 * From Debian's changelogs. A version that begins with `upstream` is fixed from
 * the `fixed`-th update on, the number behind `update`; another version is not
 * judged. In the order of updates: the first that is lacking is named.
 */
static const struct {
	const char *package, *upstream, *update;
	unsigned fixed;
	const char *holes;
} facts[] = {
    {"libarchive13", "3.6.2-1", "+deb12u", 3,
     "CVE-2025-5914, CVE-2025-5915, CVE-2025-5916, CVE-2025-5917"},
    {"libarchive13", "3.6.2-1", "+deb12u", 4,
     "CVE-2025-5918, CVE-2026-4111, CVE-2026-4424, CVE-2026-4426,"
     " CVE-2026-5121"},
    {"libarchive13", "3.6.2-1", "+deb12u", 5,
     "CVE-2026-14164, CVE-2026-15028, CVE-2026-16517"},
    {"libgit2-1.5", "1.5.1+ds-1", "+deb12u", 1,
     "CVE-2024-24575, CVE-2024-24577"},
    {"libgit2-1.5", "1.5.1+ds-1", "+deb12u", 2,
     "CVE-2026-53584, CVE-2026-53585, CVE-2026-53586, CVE-2026-5917"},
};

const char *
doctor_holes(const char *package, const char *version)
{
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		size_t n = strlen(facts[i].upstream);
		size_t k = strlen(facts[i].update);
		unsigned long has = 0;

		if (strcmp(package, facts[i].package) != 0 ||
		    strncmp(version, facts[i].upstream, n) != 0)
			continue;
		if (version[n] != '\0') {
			/* another suffix is another's business */
			if (strncmp(version + n, facts[i].update, k) != 0)
				continue;
			has = strtoul(version + n + k, NULL, 10);
		}
		if (has < facts[i].fixed)
			return facts[i].holes;
	}
	return NULL;
}

/* A package's version in dpkg's list; false if it is not installed so. */
static bool
package_version(const char *status, const char *package, char out[80])
{
	char head[80];
	const char *at = status, *end, *v;

	snprintf(head, sizeof head, "\nPackage: %s\n", package);
	at = strstr(status, head);
	end = at != NULL ? strstr(at, "\n\n") : NULL;
	v = at != NULL ? strstr(at, "\nVersion: ") : NULL;
	if (v == NULL || (end != NULL && v > end))
		return false;
	snprintf(out, 80, "%.*s", (int)strcspn(v + 10, "\n"), v + 10);
	return true;
}

/* dpkg's list, malloc'ed; NULL where there is none. */
static char *
read_status(void)
{
	FILE *f = fopen("/var/lib/dpkg/status", "re");
	char *text = NULL;
	size_t n = 0;

	if (f == NULL)
		return NULL;
	text = malloc(STATUS_MAX + 1);
	if (text != NULL)
		n = fread(text, 1, STATUS_MAX, f);
	if (text != NULL)
		text[n] = '\0';
	fclose(f);
	return text;
}

static void
versions(json_t *list)
{
	int major = 0, minor = 0, rev = 0;
	const struct scmp_version *s = seccomp_version();

	git_libgit2_version(&major, &minor, &rev);
	doctor_say(
	    list, "libraries", DOCTOR_HOLDS, NULL,
	    "libsodium %s, OpenSSL %s, libgit2 %d.%d.%d, %s, zstd %s,"
	    " zlib %s, jansson %s, libmagic %d, libseccomp %u.%u.%u,"
	    " libcurl %s, GMime %u.%u.%u",
	    cryptolib_sodium(), cryptolib_openssl(), major, minor, rev,
	    archive_version_string(), ZSTD_versionString(), zlibVersion(),
	    jansson_version_str(), magic_version(), s != NULL ? s->major : 0,
	    s != NULL ? s->minor : 0, s != NULL ? s->micro : 0,
	    curl_version_info(CURLVERSION_NOW)->version, gmime_major_version,
	    gmime_minor_version, gmime_micro_version);
}

void
doctor_libraries(json_t *list)
{
	char *status = read_status(), version[80];
	const char *last = "";
	size_t known = 0, bad = 0;

	versions(list);
	for (size_t i = 0; status != NULL && i < sizeof facts / sizeof *facts;
	     i++) {
		const char *p = facts[i].package, *holes;

		if (strcmp(p, last) == 0 ||
		    !package_version(status, p, version))
			continue;
		last = p;
		known++;
		holes = doctor_holes(p, version);
		if (holes == NULL)
			continue;
		bad++;
		doctor_say(list, "known holes", DOCTOR_LACKS,
			   "apt-get update && apt-get upgrade",
			   "%s %s has holes that an update mends: %s", p,
			   version, holes);
	}
	free(status);
	if (known == 0)
		doctor_say(list, "known holes", DOCTOR_UNKNOWN,
			   "keep the system updated",
			   "which updates the libraries have cannot be told"
			   " here");
	else if (bad == 0)
		doctor_say(list, "known holes", DOCTOR_HOLDS, NULL,
			   "none of those that this version knows of");
}

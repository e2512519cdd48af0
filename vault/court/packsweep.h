/*
 * What a crash left of packages that were being written: folders
 * ".muniment-<16 hex>.part" that no running program holds.
 */
#ifndef MUNIMENT_PACKSWEEP_H
#define MUNIMENT_PACKSWEEP_H

/*
 * Hold such a folder, so that nobody sweeps it: a descriptor to close, or -1 if
 * it cannot be held; then it is not safe from others, and that is all.
 */
int packsweep_hold(const char *path);

/* Remove those in `dir` that nobody holds. What cannot be removed stays. */
void packsweep(const char *dir);

#endif

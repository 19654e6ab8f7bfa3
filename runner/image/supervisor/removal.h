/* Removes trees of the workspace a little at a time, so that nothing else has to wait for it. */
#pragma once

/* A step removes no more entries than this. */
#define REMOVED_AT_ONCE 128

/* What a step came to. */
enum removal { REMOVAL_FAILED = -1, REMOVAL_DONE = 0, REMOVAL_GOES_ON = 1 };

/* Removes some of what is at `path`, and that itself once it is empty. FAILED with errno. */
enum removal remove_some(const char *path);
/* Removes a file, or a directory that is empty. Returns -1 with errno. */
int remove_one(const char *path);

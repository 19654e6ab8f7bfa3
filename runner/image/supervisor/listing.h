/* What there is in the workspace, told a part at a time. */
#pragma once
#include "protocol.h"

#include <dirent.h>
#include <sys/stat.h>

struct listing {
    DIR *directory; /* NULL when there is none */
    uint64_t left;  /* entries that may still be told of */
    uint64_t looks; /* entries that may still be looked at */
    int is_root;
};

/* Begins with at most `max` entries of the directory at `path`. Returns -1 with errno. */
int listing_begin(struct listing *listing, const char *path, uint64_t max);
/* Writes the next entries to `data`; sets `result` to something else than -1 when that was all. */
size_t listing_fill(struct listing *listing, uint8_t *data, size_t size, int *result);
void listing_end(struct listing *listing);

/* Fills in what is told of anything of the workspace. */
void tell_of(const struct stat *info, struct file_told *told);

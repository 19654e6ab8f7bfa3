/* Puts a job's files into the workspace. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKSPACE "/workspace"

struct file_part {
    uint32_t flags; /* enum file_flags */
    uint32_t mode;
    char *name; /* relative; restored before returning */
    const uint8_t *data;
    size_t length;
};

/* Writes all of `data`. Returns -1 with errno when it cannot. */
int write_all_to(int fd, const uint8_t *data, size_t length);

/* Writes one part of a file that is to belong to `uid`. Returns -1 with errno when it cannot. */
int write_file(uid_t uid, const struct file_part *part);

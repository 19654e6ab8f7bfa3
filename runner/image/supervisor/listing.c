/*
 * Programs can give a file any time and, with holes, any size; what no reader could make sense of is
 * brought into the range of what they can. Files that are still on their way in are not told of.
 */
#define _GNU_SOURCE
#include "listing.h"
#include "beneath.h"
#include "requests.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES_AT_ONCE 64
#define NUMBER_MAX ((1ull << 53) - 1)
#define SECONDS_MAX 253402300799ll /* the end of the year 9999 */
/* A program can make and remove entries for ever while its directory is read. */
#define LOOKS_EXTRA 1000

static uint64_t modified_ms(const struct stat *info)
{
    if (info->st_mtim.tv_sec < 0) return 0;
    if (info->st_mtim.tv_sec > SECONDS_MAX) return SECONDS_MAX * 1000;
    return (uint64_t)info->st_mtim.tv_sec * 1000u + (uint64_t)info->st_mtim.tv_nsec / 1000000u;
}

static uint32_t type_of(const struct stat *info)
{
    if (S_ISREG(info->st_mode)) return TYPE_FILE;
    if (S_ISDIR(info->st_mode)) return TYPE_DIRECTORY;
    return S_ISLNK(info->st_mode) ? TYPE_LINK : TYPE_OTHER;
}

/* Only of a file does the size mean anything. */
static uint64_t bytes_of(const struct stat *info)
{
    uint64_t size = S_ISREG(info->st_mode) && info->st_size > 0 ? (uint64_t)info->st_size : 0;
    return size < NUMBER_MAX ? size : NUMBER_MAX;
}

void tell_of(const struct stat *info, struct file_told *told)
{
    told->type = type_of(info);
    told->mode = info->st_mode & 07777;
    told->bytes = bytes_of(info);
    told->modified_ms = modified_ms(info);
}

int listing_begin(struct listing *listing, const char *path, uint64_t max)
{
    int fd = open_directory_beneath(path);
    if (fd < 0) return -1;
    *listing = (struct listing){
        .directory = fdopendir(fd), .left = max, .looks = 2 * max + LOOKS_EXTRA, .is_root = path[0] == '\0'};
    if (!listing->directory) close(fd);
    return listing->directory ? 0 : -1;
}

static int is_told(const struct listing *listing, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return 0;
    return !listing->is_root || !is_upload(name);
}

/* How many bytes the entry takes; 0 when it is gone already. */
static size_t put_entry(const struct listing *listing, const char *name, uint8_t *data)
{
    struct stat info;
    if (fstatat(dirfd(listing->directory), name, &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    struct listed entry = {.bytes = bytes_of(&info), .modified_ms = modified_ms(&info), .type = type_of(&info)};
    size_t length = strlen(name) + 1;
    memcpy(data, &entry, sizeof entry);
    memcpy(data + sizeof entry, name, length);
    return sizeof entry + length;
}

size_t listing_fill(struct listing *listing, uint8_t *data, size_t size, int *result)
{
    size_t used = 0;
    for (int i = 0; i < ENTRIES_AT_ONCE && size - used >= sizeof(struct listed) + NAME_MAX + 1; i++) {
        errno = 0;
        struct dirent *entry = readdir(listing->directory);
        if (!entry) {
            *result = errno == 0 ? TOLD_DONE : TOLD_FAILED;
            return used;
        }
        if (!is_told(listing, entry->d_name)) continue;
        if (listing->left == 0 || listing->looks-- == 0) {
            *result = TOLD_CUT;
            return used;
        }
        size_t length = put_entry(listing, entry->d_name, data + used);
        used += length;
        if (length > 0) listing->left--;
    }
    return used;
}

void listing_end(struct listing *listing)
{
    if (listing->directory) closedir(listing->directory);
    listing->directory = NULL;
}

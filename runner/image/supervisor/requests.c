/* See requests.h. Nothing that a program has done to its files is a fault of the sandbox's. */
#define _GNU_SOURCE
#include "requests.h"
#include "beneath.h"
#include "files.h"
#include "jobs.h"
#include "listing.h"
#include "removal.h"
#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024

struct request {
    int is_used;
    uint32_t job;
    uid_t uid;
    struct file_ask ask;
    char path[PATH_BYTES_MAX];
    uint32_t parts; /* that the runner will take */
    uint64_t left;  /* bytes to read, entries to remove */
    uint64_t bytes; /* sent or written */
    int fd; /* what is read, or -1 */
    struct listing listing;
    struct upload upload;
};

static struct request requests[REQUESTS_MAX];

static struct request *find(uint32_t job, uint32_t number)
{
    for (int i = 0; i < REQUESTS_MAX; i++) {
        struct request *request = &requests[i];
        if (request->is_used && request->job == job && request->ask.request == number) return request;
    }
    return NULL;
}

/* ---- answers ---- */

static void send_told(const struct request *request, uint32_t type, struct file_told told)
{
    told.request = request->ask.request;
    send_frame(type, request->job, &told, sizeof told);
}

/* Gives everything back and says how it ended. */
static void end_as(struct request *request, struct file_told told)
{
    close_fd(&request->fd);
    listing_end(&request->listing);
    upload_drop(&request->upload);
    request->is_used = 0;
    send_told(request, FRAME_TOLD, told);
}

static void end(struct request *request, enum file_result result)
{
    end_as(request, (struct file_told){.result = result, .bytes = request->bytes});
}

static enum file_result result_of(uint32_t deed, int error)
{
    switch (error) {
    case ENOENT: return TOLD_MISSING;
    case ENOTDIR:
    case ELOOP: return deed == DEED_WRITE ? TOLD_IN_THE_WAY : deed == DEED_LIST ? TOLD_OTHER_TYPE : TOLD_MISSING;
    case EISDIR: return deed == DEED_WRITE ? TOLD_IN_THE_WAY : TOLD_OTHER_TYPE;
    case ENXIO: return TOLD_OTHER_TYPE;
    case ENOSPC:
    case ENOMEM:
    case EDQUOT: return TOLD_FULL;
    case EFBIG: return TOLD_TOO_LARGE;
    case ENOTEMPTY:
    case EEXIST: return TOLD_NOT_EMPTY;
    case E2BIG: return TOLD_CUT;
    case ESTALE: return TOLD_TAKEN_AWAY;
    default: return TOLD_FAILED;
    }
}

static void end_with_errno(struct request *request)
{
    int error = errno;
    enum file_result result = result_of(request->ask.deed, error);
    struct file_told told = {.result = result, .bytes = request->bytes};
    if (result == TOLD_FAILED) told.mode = (uint32_t)error & 07777;
    end_as(request, told);
}

/* ---- beginnings ---- */

static int look(const char *path, struct stat *info)
{
    struct place place;
    if (path[0] == '\0') return lstat(WORKSPACE, info);
    if (find_place(path, &place) != 0) return -1;
    int result = fstatat(place.directory, place.name, info, AT_SYMLINK_NOFOLLOW);
    int error = errno;
    leave_place(&place);
    errno = error;
    return result;
}

/* Looked at before it is opened, because opening a pipe is noticed at its other end. */
static int open_file(const char *path, struct stat *info)
{
    int fd = look(path, info) == 0 && S_ISREG(info->st_mode) ? open_beneath(path, O_RDONLY) : -1;
    if (fd >= 0 && fstat(fd, info) != 0) close_fd(&fd);
    return fd;
}

static void begin_reading(struct request *request)
{
    struct stat info = {.st_mode = S_IFREG};
    struct file_told told = {0};
    errno = 0;
    request->fd = open_file(request->path, &info);
    tell_of(&info, &told);
    if (!S_ISREG(info.st_mode)) told.result = TOLD_OTHER_TYPE;
    else if (request->fd < 0) return end_with_errno(request);
    else if (told.bytes > request->ask.max) told.result = TOLD_TOO_LARGE;
    if (told.result != TOLD_DONE) return end_as(request, told);
    request->left = told.bytes;
    send_told(request, FRAME_FOUND, told);
    if (request->left == 0) end(request, TOLD_DONE);
}

static void begin_looking(struct request *request, int is_removal)
{
    struct stat info;
    struct file_told told = {0};
    if (look(request->path, &info) != 0) return end_with_errno(request);
    if (is_removal) return; /* the rest is done in steps */
    tell_of(&info, &told);
    end_as(request, told);
}

static void begin(struct request *request)
{
    switch (request->ask.deed) {
    case DEED_LOOK: return begin_looking(request, 0);
    case DEED_READ: return begin_reading(request);
    case DEED_LIST:
        if (listing_begin(&request->listing, request->path, request->ask.max) != 0) end_with_errno(request);
        return;
    case DEED_WRITE:
        if (upload_begin(&request->upload, request->path) != 0) end_with_errno(request);
        return;
    case DEED_REMOVE:
        if (remove_one(request->path) == 0) end(request, TOLD_DONE);
        else end_with_errno(request);
        return;
    case DEED_REMOVE_TREE: return begin_looking(request, 1);
    default: refuse(request->job, "a wish there is none of");
    }
}

static struct request *unused_request(void)
{
    for (int i = 0; i < REQUESTS_MAX; i++) {
        if (!requests[i].is_used) return &requests[i];
    }
    return NULL;
}

void request_begin(const struct frame *frame, uid_t uid)
{
    struct request *request = unused_request();
    struct file_ask ask;
    if (!request || frame->length < sizeof ask) return refuse(frame->job, "ask");
    memcpy(&ask, frame->payload, sizeof ask);
    const uint8_t *at = frame->payload + sizeof ask, *end = frame->payload + frame->length;
    char *path = take_string(&at, end);
    if (!path || at != end || strlen(path) >= PATH_BYTES_MAX) return refuse(frame->job, "path");
    if (find(frame->job, ask.request)) return refuse(frame->job, "a request that there is already");
    memset(request, 0, sizeof *request);
    request->is_used = 1;
    request->job = frame->job;
    request->uid = uid;
    request->ask = ask;
    request->parts = ask.parts;
    request->left = ask.max;
    request->fd = request->upload.fd = -1;
    strcpy(request->path, path);
    begin(request);
}

/* ---- going on ---- */

void request_part(const struct frame *frame)
{
    uint32_t number;
    if (frame->length < sizeof number) return refuse(frame->job, "part");
    memcpy(&number, frame->payload, sizeof number);
    struct request *request = find(frame->job, number);
    if (!request) return;
    if (request->upload.fd < 0) return refuse(frame->job, "a part of what is not written");
    size_t length = frame->length - sizeof number;
    if (write_all_to(request->upload.fd, frame->payload + sizeof number, length) != 0) return end_with_errno(request);
    request->bytes += length;
    send_frame(FRAME_TAKEN, frame->job, &number, sizeof number);
}

static void finish_writing(struct request *request)
{
    if (request->upload.fd < 0) return refuse(request->job, "the end of what is not written");
    mode_t mode = request->ask.mode & 0777;
    if (upload_place(&request->upload, request->path, request->uid, mode) != 0) return end_with_errno(request);
    end(request, TOLD_DONE);
}

void request_on(const struct frame *frame)
{
    struct file_on on;
    if (frame->length != sizeof on) return refuse(frame->job, "on");
    memcpy(&on, frame->payload, sizeof on);
    struct request *request = find(frame->job, on.request);
    if (!request) return;
    switch (on.what) {
    case ON_MORE: request->parts += on.parts; return;
    case ON_WHOLE: return finish_writing(request);
    case ON_STOP: return end(request, TOLD_STOPPED);
    default: refuse(frame->job, "a way to go on there is none of");
    }
}

/* ---- steps ---- */

static uint8_t part[PAYLOAD_BYTES_MAX];
#define PART_HEAD sizeof(uint32_t)

static void send_part(struct request *request, size_t length)
{
    memcpy(part, &request->ask.request, PART_HEAD);
    send_frame(FRAME_PART, request->job, part, PART_HEAD + length);
    request->parts--;
}

/* A file that has become shorter meanwhile ends where it does; what has been added is not sent. */
static void read_on(struct request *request)
{
    size_t size = sizeof part - PART_HEAD;
    if (request->left < size) size = (size_t)request->left;
    ssize_t n = read(request->fd, part + PART_HEAD, size);
    if (n < 0 && errno == EINTR) return;
    if (n < 0) return end_with_errno(request);
    if (n > 0) send_part(request, (size_t)n);
    request->bytes += (uint64_t)n;
    request->left -= (uint64_t)n;
    if (n == 0 || request->left == 0) end(request, TOLD_DONE);
}

static void list_on(struct request *request)
{
    int result = -1;
    size_t length = listing_fill(&request->listing, part + PART_HEAD, sizeof part - PART_HEAD, &result);
    if (length > 0) send_part(request, length);
    if (result >= 0) end(request, (enum file_result)result);
}

static void remove_on(struct request *request)
{
    enum removal removal = remove_some(request->path);
    if (removal == REMOVAL_DONE) return end(request, TOLD_DONE);
    if (removal == REMOVAL_FAILED && errno == ENOENT) return end(request, TOLD_DONE);
    if (removal == REMOVAL_FAILED) return end_with_errno(request);
    if (request->left <= REMOVED_AT_ONCE) return end(request, TOLD_CUT);
    request->left -= REMOVED_AT_ONCE;
    send_frame(FRAME_TAKEN, request->job, &request->ask.request, sizeof request->ask.request);
}

static int can_step(const struct request *request)
{
    if (!request->is_used) return 0;
    if (request->ask.deed == DEED_REMOVE_TREE) return 1;
    return request->parts > 0 && (request->fd >= 0 || request->listing.directory);
}

int requests_wait(void)
{
    for (int i = 0; i < REQUESTS_MAX; i++) {
        if (can_step(&requests[i])) return 1;
    }
    return 0;
}

void requests_step(void)
{
    static int last;
    for (int i = 0; i < REQUESTS_MAX; i++) {
        last = (last + 1) % REQUESTS_MAX;
        struct request *request = &requests[last];
        if (!can_step(request)) continue;
        if (request->fd >= 0) return read_on(request);
        if (request->listing.directory) return list_on(request);
        return remove_on(request);
    }
}

void requests_stop(uint32_t job)
{
    for (int i = 0; i < REQUESTS_MAX; i++) {
        if (requests[i].is_used && requests[i].job == job) end(&requests[i], TOLD_STOPPED);
    }
}

int is_upload(const char *name)
{
    for (int i = 0; i < REQUESTS_MAX; i++) {
        if (requests[i].is_used && requests[i].upload.fd >= 0 && strcmp(requests[i].upload.name, name) == 0) return 1;
    }
    return 0;
}

/*
 * The frames between the runner and the supervisor. Every frame is a header of four little-endian
 * 32-bit words (payload length, type, job, sequence number) and its payload. runner/frames.ts is
 * the other end and must say the same.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 4
#define PAYLOAD_BYTES_MAX (64 * 1024)
#define VERSION_BYTES_MAX 512

enum frame_type {
    /* runner to supervisor */
    FRAME_SPAWN = 1,  /* struct spawn_head, then argv, env and working directory as C strings;
                         no arguments at all: forked from the prepared interpreter */
    FRAME_FILE = 2,   /* u32 flags, u32 mode, name as a C string, bytes */
    FRAME_START = 3,  /* struct start_head, then bytes for the interpreter's control socket; again after
                         each stage or cell */
    FRAME_STDIN = 4,  /* bytes for the program's standard input; empty closes it */
    FRAME_SIGNAL = 5, /* u32 signal number, for the job's main process group */
    FRAME_END = 6,    /* u32: kill what is left of the job and, unless this is 1, remove its files */
    FRAME_PING = 7,
    FRAME_PREPARE = 8, /* as SPAWN: an interpreter that jobs will be forked from, once and first */
    FRAME_READ = 9,    /* u64 most bytes, name as a C string: a file of the job's workspace is wanted */
    FRAME_ASK = 10,      /* struct file_ask and a path as a C string: a wish about the workspace */
    FRAME_ASK_PART = 11, /* u32 request, bytes: more of a file that is being written */
    FRAME_ASK_ON = 12,   /* struct file_on: how a request is to go on */
    /* supervisor to runner */
    FRAME_HELLO = 101,   /* job carries the protocol version */
    FRAME_READY = 102,   /* the job's interpreter is warm and waits; its version as text */
    FRAME_STDOUT = 103,  /* bytes */
    FRAME_STDERR = 104,  /* bytes */
    FRAME_EXIT = 105,    /* struct exit_body */
    FRAME_CLEANED = 106, /* nothing of the job is left */
    FRAME_PONG = 107,
    FRAME_FAULT = 108, /* what failed, as text; this sandbox must not be used again */
    FRAME_PREPARED = 109, /* the prepared interpreter is warm; its version as text */
    FRAME_CONTENT = 110,  /* bytes of the file that was asked for */
    FRAME_CONTENT_END = 111, /* struct content_end: that was all, or there is nothing to be had */
    FRAME_SHOWN = 112,    /* bytes of what a program shows besides its output */
    FRAME_FOUND = 113,    /* struct file_told: what is going to be read */
    FRAME_PART = 114,     /* u32 request, bytes: of a file, or struct listed and a name, and again */
    FRAME_TAKEN = 115,    /* u32 request: a part has been written, or some of a tree removed */
    FRAME_TOLD = 116,     /* struct file_told: what became of a request; nothing more follows of it */
};

/* FILE_SOURCE with either: not a file of the workspace's, but the text of the next cell. */
enum file_flags { FILE_CREATE = 1, FILE_APPEND = 2, FILE_SOURCE = 4 };

struct spawn_head {
    uint32_t uid;
    uint32_t processes_max;
    uint32_t descriptors_max;
    uint32_t argc;
    uint32_t envc;
    uint32_t reserved;
    uint64_t file_bytes_max;
};

struct start_head {
    uint32_t wall_ms;
    uint32_t cpu_ms; /* of all processes together */
    uint64_t memory_bytes;
    uint64_t output_keep_bytes; /* of each stream; what follows is counted and dropped */
    uint64_t output_stop_bytes; /* of both streams together */
    uint64_t shown_keep_bytes;
    uint32_t kind; /* enum start_kind */
    uint32_t has_input; /* of a cell: whether it gets a standard input of its own */
};

/*
 * LAST: the process ends with it. STAGE: it may also report an end and go on waiting, for another
 * START; whatever else the job runs is killed then. CELL: the same, but all of the job lives on, and
 * the process may end by itself.
 */
enum start_kind { START_LAST = 0, START_STAGE = 1, START_CELL = 2 };

/* GONE: nothing has run, because the session's process has ended since its last cell. */
enum exit_reason {
    EXIT_ENDED = 0,
    EXIT_WALL = 1,
    EXIT_CPU = 2,
    EXIT_MEMORY = 3,
    EXIT_OUTPUT = 4,
    EXIT_GONE = 5,
};

struct exit_body {
    uint32_t reason;
    int32_t code;   /* -1 when there is none */
    int32_t signal; /* 0 when there is none */
    uint32_t is_waiting; /* whether the process is there for another START */
    uint64_t wall_us;
    uint64_t cpu_us;
    uint64_t memory_peak_bytes;
    uint64_t stdout_bytes; /* written in all, kept or not */
    uint64_t stderr_bytes;
    uint64_t shown_bytes;
};

enum content_result { CONTENT_WHOLE = 0, CONTENT_MISSING = 1, CONTENT_NO_FILE = 2, CONTENT_TOO_LARGE = 3 };

struct content_end {
    uint32_t result;
    uint32_t mode;  /* permission bits */
    uint64_t bytes; /* sent */
};

/*
 * Wishes about files are answered whatever the job is doing, several at a time, each under a number
 * of its own that the runner gives. What is read is sent in parts, no more of them than the runner
 * has said it will take; what is written is acknowledged part by part, and seen by no program before
 * the runner says that it is whole.
 */
enum file_deed {
    DEED_LOOK = 0,
    DEED_READ = 1,
    DEED_LIST = 2,
    DEED_WRITE = 3,
    DEED_REMOVE = 4,      /* a file, or a directory in which nothing is */
    DEED_REMOVE_TREE = 5, /* whatever is in it, too */
};

struct file_ask {
    uint32_t request;
    uint32_t deed; /* enum file_deed */
    uint32_t mode; /* permission bits of what is written */
    uint32_t parts; /* that may be sent at first */
    uint64_t max;  /* bytes of what is read, entries of what is listed or removed */
};

/* MORE: so many parts may be sent on top; WHOLE: all has been written; STOP: nobody wants it any more. */
enum file_on_what { ON_MORE = 0, ON_WHOLE = 1, ON_STOP = 2 };

struct file_on {
    uint32_t request;
    uint32_t what; /* enum file_on_what */
    uint32_t parts;
};

enum file_result {
    TOLD_DONE = 0,
    TOLD_MISSING = 1,
    TOLD_OTHER_TYPE = 2,
    TOLD_TOO_LARGE = 3,
    TOLD_FULL = 4,
    TOLD_IN_THE_WAY = 5, /* a directory where the file should be, or none where one should be */
    TOLD_NOT_EMPTY = 6,
    TOLD_CUT = 7,     /* there was more than `max` of it */
    TOLD_STOPPED = 8, /* the runner wanted it no more, or the job has ended */
    TOLD_TAKEN_AWAY = 9, /* the program has removed what was being written */
    TOLD_FAILED = 10,    /* in a way there is no word for; `mode` is errno */
};

enum file_type { TYPE_FILE = 0, TYPE_DIRECTORY = 1, TYPE_LINK = 2, TYPE_OTHER = 3 };

struct file_told {
    uint32_t request;
    uint32_t result; /* enum file_result */
    uint32_t type;   /* enum file_type */
    uint32_t mode;   /* permission bits */
    uint64_t bytes;  /* it has, as long as it is FOUND or looked at; that were sent or written, at the end */
    uint64_t modified_ms;
};

/* An entry of a directory; its name follows, as a C string. */
struct listed {
    uint64_t bytes;
    uint64_t modified_ms;
    uint32_t type; /* enum file_type */
    uint32_t reserved;
};

struct frame {
    uint32_t type;
    uint32_t job;
    uint32_t length;
    const uint8_t *payload;
};

/* Writes one frame, blocking until the runner has it. Exits when the runner is gone. */
void send_frame(uint32_t type, uint32_t job, const void *payload, size_t length);

/* Reads what has arrived and hands on every whole frame. Returns 0 at end of input. */
int receive_frames(void (*handle)(const struct frame *));

/* The next C string of a payload, advancing `at` past it; NULL when there is none whole. */
char *take_string(const uint8_t **at, const uint8_t *end);

/* Reports that the supervisor itself failed at `what`. The sandbox is lost from here on. */
void fault(uint32_t job, const char *what);

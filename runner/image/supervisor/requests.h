/*
 * What the runner wants of a job's files, at any time and several at once. Each request is answered
 * with TOLD, once. None is ever waited for: what takes long is done a step at a time, when the loop
 * has nothing better to do and the runner has room for what comes of it.
 */
#pragma once
#include "protocol.h"

#include <sys/types.h>

#define REQUESTS_MAX 16

/* Begins what the frame asks for, on behalf of `uid`. */
void request_begin(const struct frame *frame, uid_t uid);
/* Goes on with it. What comes for a request that is over is nobody's mistake, and not heard. */
void request_part(const struct frame *frame);
void request_on(const struct frame *frame);

/* Whether any request could take a step now. */
int requests_wait(void);
/* Takes a step of one that can, each in its turn; sends at most one frame of data. */
void requests_step(void);
/* Drops all requests of a job. */
void requests_stop(uint32_t job);
/* Whether a file of this name, at the workspace's root, is still on its way in. */
int is_upload(const char *name);

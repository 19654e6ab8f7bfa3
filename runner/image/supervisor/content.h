/* Sends a file of the workspace to the runner, while the program that made it may still be running. */
#pragma once
#include <stdint.h>

/*
 * Sends what `name`, a path inside the workspace, held when it was opened, as CONTENT frames and one
 * CONTENT_END. Nothing is sent of what is no plain file or is larger than `bytes_max`.
 */
void send_content(uint32_t job, const char *name, uint64_t bytes_max);

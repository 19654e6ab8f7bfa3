/*
 * Frames go over the supervisor's standard input and output. At first these lead through the
 * container engine's own processes; where the runner listens on a socket inside the container, they
 * are made to lead straight to it, which is faster by several changes of process each way.
 */
#pragma once

/* Puts the socket at `path` in the place of standard input and output, if one answers there. */
void knock(const char *path);

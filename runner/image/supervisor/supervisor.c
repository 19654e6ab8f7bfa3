/*
 * The supervisor: PID 1 of every sandbox.
 *
 * Theory of operation. The runner holds this process's stdin and stdout and speaks frames over
 * them (protocol.h). A job is one program: the runner has an interpreter started for it ahead of
 * time (SPAWN), which warms itself up, says so over its control socket and waits; or has it forked
 * from an interpreter that was prepared once for all jobs of the sandbox (PREPARE). When work
 * arrives the runner sends the job's files (FILE) and its limits (START); the supervisor lets the
 * interpreter go, passes its output on as frames, and watches the clock and the memory of every
 * process of the job's uid. The job is over when its main process ends, or says over its control
 * socket that it is done, or reaches a limit; the supervisor then reports what it measured (EXIT)
 * at once. Where the runner said that it is a stage only, the process may also say that the stage is
 * over and go on waiting: that is reported alike, and another START may follow. Later the runner
 * has everything of the job killed and its files removed (END). All the while it may read, write and
 * remove files of the workspace (ASK), which is done in steps between everything else.
 *
 * Programs own no descriptor of ours but the far ends of their pipes, so no program can forge a
 * frame. All a program can say over its control socket is that it is ready, done, or through with
 * a stage; lying there ends nobody's run but its own. There is no policy here: every number comes from the runner.
 * When something of the supervisor's own fails it says FAULT and the runner throws the sandbox away.
 */
#include "door.h"
#include "job.h"
#include "protocol.h"
#include "requests.h"
#include "watch.h"
#include "wipe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A file that is sent must not keep us from the program's limits and its output. */
#define FRAME_ROUNDS_MAX 2

static int child_fd = -1;

/* SIGCHLD arrives as a readable descriptor, so that the loop below is the only place that waits. */
static void catch_children(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    child_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    if (child_fd < 0) fault(0, "signalfd");
    signal(SIGPIPE, SIG_IGN);
}

static void drain_child_fd(void)
{
    struct signalfd_siginfo info[8];
    while (read(child_fd, info, sizeof info) > 0) continue;
}

static void handle(const struct frame *frame)
{
    switch (frame->type) {
    case FRAME_SPAWN: job_spawn(frame); return;
    case FRAME_FILE: job_file(frame); return;
    case FRAME_START: job_start(frame); return;
    case FRAME_STDIN: job_stdin(frame); return;
    case FRAME_SIGNAL: job_signal(frame); return;
    case FRAME_PREPARE: job_prepare(frame); return;
    case FRAME_READ: job_read(frame); return;
    case FRAME_ASK: job_ask(frame); return;
    case FRAME_ASK_PART: request_part(frame); return;
    case FRAME_ASK_ON: request_on(frame); return;
    case FRAME_END: job_end(frame); return;
    case FRAME_PING: send_frame(FRAME_PONG, frame->job, NULL, 0); return;
    default: fault(frame->job, "unknown frame");
    }
}

int main(int argc, char **argv)
{
    knock(argc > 1 ? argv[1] : NULL);
    catch_children();
    watch_open();
    send_frame(FRAME_HELLO, PROTOCOL_VERSION, NULL, 0);

    for (int rounds = 0;;) { /* in which frames have come, one after the other */
        int is_others_turn = rounds >= FRAME_ROUNDS_MAX;
        struct pollfd fds[3 + JOBS_FDS_MAX] = {
            {.fd = is_others_turn ? -1 : STDIN_FILENO, .events = POLLIN},
            {.fd = child_fd, .events = POLLIN},
            {.fd = requests_wait() ? STDOUT_FILENO : -1, .events = POLLOUT},
        };
        int count = 3 + jobs_poll_fds(fds + 3);
        int ready = poll(fds, (nfds_t)count, is_others_turn ? 0 : jobs_next_timeout_ms());
        if (ready < 0 && errno != EINTR) fault(0, "poll");

        if (fds[0].revents) {
            if (!receive_frames(handle)) return 0; /* the runner is gone, and so are we */
            rounds++;
            continue; /* a frame may have closed a descriptor of this round */
        }
        rounds = 0;
        jobs_handle_fds(fds + 3);
        if (fds[1].revents) {
            drain_child_fd();
            jobs_reap();
        }
        jobs_check_limits();
        if (fds[2].revents) requests_step();
    }
}

/*
 * What Node's own interface lacks for a session: a start of every cell that has no frame of ours below
 * it, an end of code that does not come back by itself, and descriptors put in others' places. The
 * interrupt is a thread's doing: it wakes the event loop first, and has V8 give up whatever runs only
 * if that does not help. Loaded by cells.cjs, so that a program on its own never pays for it. The
 * declarations are Node-API's and libuv's, which are stable; the headers are not needed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOWN_FD 14
#define CONTROL_FD 15
#define STACK_BYTES (64 * 1024)
#define PATIENCE_US (20 * 1000) /* for the event loop to take its next turn */

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_ref__ *napi_ref;
typedef napi_value (*napi_callback)(napi_env, void *info);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_get_named_property(napi_env, napi_value, const char *, napi_value *);
extern int napi_get_cb_info(napi_env, void *, size_t *, napi_value *, napi_value *, void **);
extern int napi_create_reference(napi_env, napi_value, uint32_t, napi_ref *);
extern int napi_get_reference_value(napi_env, napi_ref, napi_value *);
extern int napi_delete_reference(napi_env, napi_ref);
extern int napi_get_uv_event_loop(napi_env, void **);
extern int napi_open_handle_scope(napi_env, void **);
extern int napi_close_handle_scope(napi_env, void *);
extern int napi_make_callback(napi_env, void *, napi_value, napi_value, size_t, const napi_value *, napi_value *);
extern int napi_get_and_clear_last_exception(napi_env, napi_value *);
extern int napi_get_value_int32(napi_env, napi_value, int32_t *);
extern int napi_create_int32(napi_env, int32_t, napi_value *);
extern int napi_get_boolean(napi_env, int, napi_value *);
extern int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
extern int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);

enum { UV_ASYNC_TYPE = 1, UV_IDLE_TYPE = 6 };
extern size_t uv_handle_size(int type);
extern int uv_async_init(void *loop, void *handle, void (*callback)(void *));
extern int uv_async_send(void *handle);
extern int uv_idle_init(void *loop, void *handle);
extern int uv_idle_start(void *handle, void (*callback)(void *));
extern int uv_idle_stop(void *handle);
extern void uv_unref(void *handle);
extern int uv_loop_alive(const void *loop);

extern void *current_isolate(void) __asm__("_ZN2v87Isolate10GetCurrentEv");
extern void give_up(void *isolate) __asm__("_ZN2v87Isolate18TerminateExecutionEv");
extern void go_on(void *isolate) __asm__("_ZN2v87Isolate24CancelTerminateExecutionEv");

static napi_env env;
static void *loop, *idle, *async, *isolate;
static napi_ref woken, next;
static pid_t main_thread;
static sem_t interrupts;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t is_interrupted, has_given_up;
static struct sigaction previous;
static struct stat control, shown;
static int kept[3] = {-1, -1, -1};

static int is_same(int fd, const struct stat *was)
{
    struct stat now;
    return fstat(fd, &now) == 0 && now.st_dev == was->st_dev && now.st_ino == was->st_ino && now.st_mode == was->st_mode;
}

/* ---- interrupts ---- */

static void on_interrupt(int number, siginfo_t *info, void *context)
{
    int kept_errno = errno;
    if (syscall(SYS_gettid) != main_thread) {
        syscall(SYS_tgkill, getpid(), main_thread, number); /* whoever reads or waits there is to hear of it */
    } else {
        is_interrupted = 1;
        sem_post(&interrupts);
        if (previous.sa_flags & SA_SIGINFO) previous.sa_sigaction(number, info, context);
        else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) previous.sa_handler(number);
    }
    errno = kept_errno;
}

/* Node's own handler, which it sets when a program asks for the signal, is called by ours. */
static void arm(void)
{
    struct sigaction ours = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_ONSTACK}, old;
    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGINT, &ours, &old) != 0) return;
    if ((old.sa_flags & SA_SIGINFO) && old.sa_sigaction == on_interrupt) return;
    previous = old;
}

static void *watch(void *unused)
{
    for (;;) {
        if (sem_wait(&interrupts) != 0) continue;
        while (is_interrupted) {
            uv_async_send(async);
            usleep(PATIENCE_US);
            pthread_mutex_lock(&lock);
            if (is_interrupted) has_given_up = 1, give_up(isolate);
            pthread_mutex_unlock(&lock);
        }
    }
    return unused;
}

/* Says whether there was an interrupt; from here on none is under way. */
static int settle(void)
{
    pthread_mutex_lock(&lock);
    int was = is_interrupted;
    is_interrupted = 0;
    go_on(isolate);
    pthread_mutex_unlock(&lock);
    return was;
}

/* ---- the event loop ---- */

static void call(napi_value receiver, napi_value function, const napi_value *argument)
{
    napi_value ignored;
    if (napi_make_callback(env, NULL, receiver, function, argument ? 1 : 0, argument, &ignored) == 0) return;
    go_on(isolate);
    napi_get_and_clear_last_exception(env, &ignored);
}

static void on_idle(void *handle)
{
    napi_value values[4];
    void *scope;
    uv_idle_stop(handle);
    napi_open_handle_scope(env, &scope);
    napi_get_reference_value(env, next, &values[0]);
    napi_get_named_property(env, values[0], "receiver", &values[1]);
    napi_get_named_property(env, values[0], "method", &values[2]);
    napi_get_named_property(env, values[0], "argument", &values[3]);
    napi_delete_reference(env, next);
    call(values[1], values[2], &values[3]);
    napi_close_handle_scope(env, scope);
}

static void on_woken(void *handle)
{
    napi_value function;
    void *scope;
    (void)handle;
    napi_open_handle_scope(env, &scope);
    napi_get_reference_value(env, woken, &function);
    call(function, function, NULL);
    napi_close_handle_scope(env, scope);
}

/* ---- what cells.cjs calls ---- */

static int32_t take(napi_value *values, void *info, size_t count)
{
    return napi_get_cb_info(env, info, &count, values, NULL, NULL);
}

static napi_value number(int32_t value)
{
    napi_value result;
    napi_create_int32(env, value, &result);
    return result;
}

static napi_value boolean(int value)
{
    napi_value result;
    napi_get_boolean(env, value, &result);
    return result;
}

/* open(woken): once. */
static napi_value open_session(napi_env now, void *info)
{
    napi_value values[1];
    pthread_t thread;
    pthread_attr_t small;
    env = now;
    take(values, info, 1);
    napi_create_reference(env, values[0], 1, &woken);
    napi_get_uv_event_loop(env, &loop);
    isolate = current_isolate();
    main_thread = (pid_t)syscall(SYS_gettid);
    idle = calloc(1, uv_handle_size(UV_IDLE_TYPE));
    async = calloc(1, uv_handle_size(UV_ASYNC_TYPE));
    uv_idle_init(loop, idle);
    uv_async_init(loop, async, on_woken);
    uv_unref(async);
    fstat(CONTROL_FD, &control);
    fstat(SHOWN_FD, &shown);
    for (int fd = 1; fd <= 2; fd++) kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    sem_init(&interrupts, 0, 0);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread is not to be woken by what it waits for */
    pthread_create(&thread, &small, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    arm();
    previous = (struct sigaction){.sa_handler = SIG_DFL}; /* what ends a program */
    return NULL;
}

/* start({ receiver, method, argument }): has it called by the event loop, with nothing below it. */
static napi_value start(napi_env now, void *info)
{
    napi_value values[1];
    (void)now;
    take(values, info, 1);
    napi_create_reference(env, values[0], 1, &next);
    uv_idle_start(idle, on_idle);
    return NULL;
}

static napi_value wake(napi_env now, void *info)
{
    (void)now;
    (void)info;
    uv_async_send(async);
    return NULL;
}

/* Has V8 give up what runs, as an exit must, and the loop take its next turn. */
static napi_value leave(napi_env now, void *info)
{
    wake(now, info);
    has_given_up = 1;
    give_up(isolate);
    return NULL;
}

static napi_value settle_interrupts(napi_env now, void *info)
{
    (void)now;
    (void)info;
    return boolean(settle());
}

/* Whether V8 has given up something since this was asked last. */
static napi_value has_broken_off(napi_env now, void *info)
{
    int has = has_given_up;
    (void)now;
    (void)info;
    has_given_up = 0;
    return boolean(has);
}

static napi_value was_interrupted(napi_env now, void *info)
{
    (void)now;
    (void)info;
    return boolean(is_interrupted);
}

static napi_value is_alive(napi_env now, void *info)
{
    (void)now;
    (void)info;
    return boolean(uv_loop_alive(loop));
}

static napi_value arm_again(napi_env now, void *info)
{
    (void)now;
    (void)info;
    arm();
    return NULL;
}

static void restore_outputs(void)
{
    for (int fd = 1; fd <= 2; fd++) {
        struct stat was;
        if (kept[fd] >= 0 && fstat(kept[fd], &was) == 0 && !is_same(fd, &was)) dup2(kept[fd], fd);
    }
}

/* exchange(code, signal, buffer): says that the cell is over, waits for the next, returns its length. */
static napi_value exchange(napi_env now, void *info)
{
    napi_value values[3];
    int32_t code, number_of_signal;
    void *data;
    size_t size;
    (void)now;
    take(values, info, 3);
    napi_get_value_int32(env, values[0], &code);
    napi_get_value_int32(env, values[1], &number_of_signal);
    napi_get_buffer_info(env, values[2], &data, &size);
    if (!is_same(CONTROL_FD, &control)) _exit(code); /* nobody will ever say more to us */
    uint8_t over[3] = {'C', (uint8_t)code, (uint8_t)number_of_signal};
    if (write(CONTROL_FD, over, sizeof over) != sizeof over) _exit(0);
    ssize_t length;
    do length = read(CONTROL_FD, data, size);
    while (length < 0 && errno == EINTR);
    if (length <= 0) _exit(0);
    settle();
    arm();
    restore_outputs();
    return number((int32_t)length);
}

/* input(path, isFed): a fresh standard input; the supervisor feeds it when it hears of it. */
static napi_value take_input(napi_env now, void *info)
{
    napi_value values[2];
    char path[256];
    int32_t is_fed;
    (void)now;
    take(values, info, 2);
    napi_get_value_string_utf8(env, values[0], path, sizeof path, NULL);
    napi_get_value_int32(env, values[1], &is_fed);
    int fd = open(path, O_RDONLY);
    if (fd > 0) {
        dup2(fd, 0);
        close(fd);
    }
    if (is_fed && is_same(CONTROL_FD, &control) && write(CONTROL_FD, "I", 1) != 1) _exit(0);
    return NULL;
}

/* show(buffer): all of it, unless the program has put something else in the pipe's place. */
static napi_value show(napi_env now, void *info)
{
    napi_value values[1];
    void *data;
    size_t size;
    (void)now;
    take(values, info, 1);
    napi_get_buffer_info(env, values[0], &data, &size);
    if (!is_same(SHOWN_FD, &shown)) return NULL;
    for (size_t at = 0; at < size && !is_interrupted;) {
        ssize_t n = write(SHOWN_FD, (char *)data + at, size - at);
        if (n < 0 && errno != EINTR) return NULL;
        if (n > 0) at += (size_t)n;
    }
    return NULL;
}

napi_value napi_register_module_v1(napi_env now, napi_value exports)
{
    static const struct { const char *name; napi_callback callback; } all[] = {
        {"open", open_session}, {"start", start}, {"wake", wake}, {"leave", leave}, {"show", show},
        {"hasBrokenOff", has_broken_off}, {"isInterrupted", was_interrupted}, {"settle", settle_interrupts}, {"isAlive", is_alive}, {"arm", arm_again}, {"exchange", exchange},
        {"takeInput", take_input},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        napi_value function;
        napi_create_function(now, all[i].name, strlen(all[i].name), all[i].callback, NULL, &function);
        napi_set_named_property(now, exports, all[i].name, function);
    }
    return exports;
}

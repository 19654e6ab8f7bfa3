/*
 * Makes a Ruby that is started ahead of time wait for its program at the one place where nothing of
 * ours is on its stack: where its parser first reads the script (LD_PRELOAD). Ruby opens the script
 * before anything else and looks at its first byte; until there is a script it is shown stand-in.rb
 * instead. Then it loads boot.rb (-r), which warms it up and drops that byte, and asks for more: here
 * it blocks, and when the job has arrived the script itself takes the descriptor's place.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <ruby.h>
#include <ruby/debug.h>
#include <ruby/thread.h>
#include <ruby/version.h>
#include <ruby/vm.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_FD 15
#define SHOWN_FD 14
#define CELL "/cell" /* no file of a workspace can be called so */
#define CELL_PLACE "/run/cell/"
#define WORKSPACE "/workspace/"
#define MAIN WORKSPACE "main.rb"
#define PLACE "/opt/coderunner/languages"
#define MESSAGE_BYTES_MAX (1 << 20)
#define ARGUMENTS_MAX 4096
#define SHEBANG_BYTES_MAX 256
#define BUNDLE_ALIGNMENT 16

static enum { BEFORE_SCRIPT, BEFORE_JOB, RUNNING } stage = RUNNING;
static int script_fd = -1, waking_fd = -1;
static int is_leaving;
static int exit_status = -1; /* known once the program's exit handlers have run, unless something else may change it */

/* ---- the job ---- */

/* Its main file's name and its arguments: a count, a newline, then that many strings ended by NUL. */
static int receive_words(char *words[])
{
    static char message[MESSAGE_BYTES_MAX];
    size_t used = 0;
    for (;;) {
        ssize_t n = read(CONTROL_FD, message + used, sizeof message - 1 - used);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(0);
        used += (size_t)n;
        char *at = memchr(message, '\n', used);
        if (!at) continue;
        int count = atoi(message), seen = 0;
        at++;
        while (seen < count && seen < ARGUMENTS_MAX) {
            char *zero = memchr(at, 0, used - (size_t)(at - message));
            if (!zero) break;
            words[seen++] = at;
            at = zero + 1;
        }
        if (seen == count) return count;
    }
}

/* Options on a script's first line were read by Ruby before it came here, from the stand-in. */
static int has_options(int fd)
{
    char line[SHEBANG_BYTES_MAX + 1];
    ssize_t n = pread(fd, line, SHEBANG_BYTES_MAX, 0);
    if (n < 2 || line[0] != '#' || line[1] != '!') return 0;
    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    const char *name = strstr(line, "ruby");
    return !name || strstr(name, " -") || strstr(name, "\t-");
}

static void start_again(char *words[], int count)
{
    static char script[sizeof WORKSPACE + NAME_MAX] = WORKSPACE;
    char *command[ARGUMENTS_MAX + 2] = {"ruby", script};
    strncat(script, words[0], NAME_MAX);
    memcpy(command + 2, words + 1, (size_t)(count - 1) * sizeof *words);
    execv("/usr/bin/ruby", command);
    _exit(127);
}

/* Ruby knows its script by the name it was started with, so one by another name is not for this Ruby. */
static void put_script_in_place(char *words[], int count)
{
    if (strcmp(words[0], MAIN + sizeof WORKSPACE - 1) != 0) start_again(words, count);
    int fd = open(MAIN, O_RDONLY | O_CLOEXEC);
    if (fd < 0) _exit(127);
    if (has_options(fd)) start_again(words, count);
    dup3(fd, script_fd, O_CLOEXEC);
    close(fd);
}

/* ---- what the program is to see ---- */

static void forget_own_files(void)
{
    VALUE features = rb_gv_get("$LOADED_FEATURES");
    for (long i = RARRAY_LEN(features) - 1; i >= 0; i--) {
        VALUE name = rb_ary_entry(features, i);
        if (strncmp(StringValueCStr(name), PLACE, sizeof PLACE - 1) == 0) rb_ary_delete_at(features, i);
    }
    rb_require("rbconfig"); /* is loaded already, and makes Ruby sort its list anew now, not later */
}

static void forget_environment(void)
{
    static const char *const OURS[] = {"RUBY_GC_HEAP_INIT_SLOTS"};
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) unsetenv(OURS[i]);
}

static void set_arguments(char *arguments[], int count)
{
    VALUE list = rb_const_get(rb_cObject, rb_intern("ARGV"));
    for (int i = 0; i < count; i++) {
        rb_ary_push(list, rb_obj_freeze(rb_external_str_new_cstr(arguments[i])));
    }
}

/* ---- the library ---- */

/* A path and its code, as compile.rb wrote them; NULL after the last. */
struct record {
    uint32_t path_length, code_length;
    char path[];
};

static const struct record *library;

static size_t padded(size_t length)
{
    return (length + BUNDLE_ALIGNMENT - 1) / BUNDLE_ALIGNMENT * BUNDLE_ALIGNMENT;
}

static const char *code_of(const struct record *record)
{
    return (const char *)record + padded(sizeof *record + record->path_length);
}

static const struct record *after(const struct record *record)
{
    return (const struct record *)(const void *)(code_of(record) + padded(record->code_length));
}

/* Ruby asks for a file's code here before it would read the file; nil makes it read. */
static VALUE load_iseq(VALUE class, VALUE path)
{
    StringValue(path);
    size_t length = (size_t)RSTRING_LEN(path);
    for (const struct record *at = library; at->path_length > 0; at = after(at)) {
        if (at->code_length == 0 || at->path_length != length) continue;
        if (memcmp(at->path, RSTRING_PTR(path), length) != 0) continue;
        return rb_funcall(class, rb_intern("load_from_binary"), 1, rb_str_new_static(code_of(at), at->code_length));
    }
    return Qnil;
}

static void map_extensions(void)
{
    char path[512];
    for (const struct record *at = library; at->path_length > 0; at = after(at)) {
        if (at->code_length > 0 || at->path_length >= sizeof path) continue;
        memcpy(path, at->path, at->path_length);
        path[at->path_length] = '\0';
        dlopen(path, RTLD_NOW);
    }
}

static void open_library(void)
{
    struct stat info;
    int fd = open(PLACE "/library.bundle", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (fstat(fd, &info) == 0) {
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
        if (bytes != MAP_FAILED) library = bytes;
    }
    close(fd);
    if (!library) return;
    VALUE class = rb_path2class("RubyVM::InstructionSequence");
    rb_define_private_method(rb_singleton_class(class), "load_iseq", load_iseq, 1);
    map_extensions();
}

/* ---- the end ---- */

/* What Ruby will exit with, or -1 where only Ruby can tell: other threads may have a word in it. */
static int status_for(VALUE error)
{
    if (RARRAY_LEN(rb_funcall(rb_cThread, rb_intern("list"), 0)) != 1) return -1;
    if (NIL_P(error)) return 0;
    if (RTEST(rb_obj_is_kind_of(error, rb_eSystemExit))) {
        VALUE status = rb_attr_get(error, rb_intern("status"));
        return FIXNUM_P(status) ? FIX2INT(status) & 0xff : -1;
    }
    return RTEST(rb_obj_is_kind_of(error, rb_eStandardError)) ? 1 : -1;
}

static VALUE note_status(VALUE unused)
{
    exit_status = status_for(rb_errinfo());
    return unused;
}

/* The first handler to be registered is the last to be run. */
static void after_handlers(VALUE unused)
{
    int failed;
    rb_protect(note_status, unused, &failed);
    if (failed) exit_status = -1;
}

/* ---- a session's cells ---- */

static VALUE host, binding; /* cells.rb, and where cells are evaluated */
static pid_t owner;
static struct stat control;

struct cell {
    VALUE words, source, file, value, error;
    int is_first;
    int outcome[2]; /* exit code and signal */
};

/* What boot.rb has left for us under a name that nobody is to find. */
static void take_host(void)
{
    ID name = rb_intern("CODERUNNER_CELLS");
    rb_gc_register_address(&host);
    rb_gc_register_address(&binding);
    host = rb_const_get(rb_cObject, name);
    binding = rb_const_get(rb_cObject, rb_intern("TOPLEVEL_BINDING"));
    rb_const_remove(rb_cObject, name);
}

/* A program may close any descriptor and open another in its place. */
static int is_control(void)
{
    struct stat now;
    return fstat(CONTROL_FD, &now) == 0 && now.st_dev == control.st_dev && now.st_ino == control.st_ino;
}

/* Between cells an interrupt comes too late, and is nobody's. cells.rb undoes it. */
static void ignore_interrupts(void)
{
    static const struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignored, NULL);
}

static VALUE read_source(void)
{
    int fd = open(CELL_PLACE "source", O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) return rb_str_new(NULL, 0);
    VALUE text = rb_str_new(NULL, info.st_size);
    ssize_t n = read(fd, RSTRING_PTR(text), (size_t)info.st_size);
    close(fd);
    rb_str_set_len(text, n > 0 ? n : 0);
    return text;
}

static VALUE prepare_cell(VALUE at)
{
    struct cell *cell = (struct cell *)at;
    VALUE is_first = cell->is_first ? Qtrue : Qfalse;
    VALUE pair = rb_funcall(host, rb_intern("prepare"), 3, cell->words, read_source(), is_first);
    cell->source = rb_ary_entry(pair, 0);
    cell->file = rb_ary_entry(pair, 1);
    if (RTEST(rb_ary_entry(pair, 2)) && write(CONTROL_FD, "I", 1) != 1) _exit(0);
    return Qnil;
}

static VALUE evaluate_cell(VALUE at)
{
    struct cell *cell = (struct cell *)at;
    cell->value = rb_funcall(binding, rb_intern("eval"), 3, cell->source, cell->file, INT2FIX(1));
    return Qnil;
}

static void show(VALUE line)
{
    struct stat info;
    if (NIL_P(line) || fstat(SHOWN_FD, &info) != 0 || !S_ISFIFO(info.st_mode)) return;
    for (long at = 0; at < RSTRING_LEN(line);) {
        ssize_t n = write(SHOWN_FD, RSTRING_PTR(line) + at, (size_t)(RSTRING_LEN(line) - at));
        if (n < 0 && errno != EINTR) return;
        if (n > 0) at += n;
    }
}

static VALUE finish_cell(VALUE at)
{
    struct cell *cell = (struct cell *)at;
    VALUE done = rb_funcall(host, rb_intern("finish"), 2, cell->value, cell->error);
    for (int i = 0; i < 2; i++) cell->outcome[i] = NUM2INT(rb_ary_entry(done, i));
    if (getpid() == owner) show(rb_ary_entry(done, 2));
    return Qnil;
}

/* Calls one of these; what it raises is the cell's. Jumps out of a cell that are no errors end it. */
static void attempt(VALUE (*step)(VALUE), struct cell *cell)
{
    int state;
    rb_protect(step, (VALUE)cell, &state);
    if (state == 0) return;
    VALUE error = rb_errinfo();
    rb_set_errinfo(Qnil);
    if (!RB_SPECIAL_CONST_P(error) && RB_BUILTIN_TYPE(error) == T_OBJECT) cell->error = error;
}

static void run_cell(struct cell *cell)
{
    cell->error = cell->value = Qnil;
    cell->outcome[0] = 1;
    cell->outcome[1] = 0;
    attempt(prepare_cell, cell);
    if (NIL_P(cell->error)) attempt(evaluate_cell, cell);
    attempt(finish_cell, cell);
    ignore_interrupts();
}

static void *wait_for_words(void *words)
{
    return (void *)(intptr_t)receive_words(words);
}

static VALUE handle_signals(VALUE unused)
{
    rb_thread_check_ints();
    return unused;
}

/*
 * The program's other threads run on meanwhile. Ruby does not wait while there is a signal to be handled
 * or a thread to be heard; what comes of that between cells is nobody's.
 */
static int hear_words(char *words[])
{
    for (;;) {
        int failed, count = (int)(intptr_t)rb_thread_call_without_gvl2(wait_for_words, words, NULL, NULL);
        if (count > 0) return count;
        rb_protect(handle_signals, Qnil, &failed);
        rb_set_errinfo(Qnil);
    }
}

static void serve_cells(char *words[], int count)
{
    struct cell cell = {.is_first = 1};
    owner = getpid();
    ignore_interrupts();
    for (;;) {
        cell.words = rb_ary_new();
        for (int i = 0; i < count; i++) rb_ary_push(cell.words, rb_external_str_new_cstr(words[i]));
        run_cell(&cell);
        cell.is_first = 0;
        if (getpid() != owner || !is_control()) ruby_stop(cell.outcome[0]);
        uint8_t said[3] = {'C', (uint8_t)cell.outcome[0], (uint8_t)cell.outcome[1]};
        if (write(CONTROL_FD, said, sizeof said) != sizeof said) _exit(0);
        count = hear_words(words);
    }
}

/* ---- waiting ---- */

static void leave(ruby_vm_t *vm)
{
    (void)vm;
    is_leaving = 1;
}

static void say_ready(void)
{
    char said[32] = "R";
    strncat(said, ruby_version, sizeof said - 2);
    if (write(CONTROL_FD, said, strlen(said)) < 0) _exit(0);
}

static void *wait_for_job(void *unused)
{
    static char *words[ARGUMENTS_MAX];
    forget_own_files();
    forget_environment();
    take_host();
    fstat(CONTROL_FD, &control);
    rb_set_end_proc(after_handlers, Qnil);
    ruby_vm_at_exit(leave);
    say_ready();
    int count = receive_words(words);
    if (count < 1) _exit(127);
    if (strcmp(words[0], CELL) == 0) serve_cells(words, count);
    put_script_in_place(words, count);
    set_arguments(words + 1, count - 1);
    return unused;
}

/* ---- what Ruby calls of libc ---- */

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    if (!real) real = (int (*)(const char *, int, ...))next("open");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (stage != BEFORE_SCRIPT || strcmp(path, MAIN) != 0) return real(path, flags, mode);
    stage = BEFORE_JOB;
    open_library();
    return script_fd = real(PLACE "/stand-in.rb", flags, mode);
}

ssize_t read(int fd, void *data, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    static int looked;
    if (!real) real = (ssize_t(*)(int, void *, size_t))next("read");
    if (stage == BEFORE_JOB && fd == script_fd && looked++) {
        stage = RUNNING;
        rb_thread_call_with_gvl(wait_for_job, NULL);
    }
    return real(fd, data, size);
}

/* Whether nothing is left but taking the interpreter apart; a finalizer would have a frame. */
static int is_over(void)
{
    VALUE frame;
    int line;
    return exit_status >= 0 && rb_profile_frames(0, 1, &frame, &line) == 0;
}

/* Ruby wakes a thread of its own through this descriptor. */
int eventfd(unsigned int count, int flags)
{
    static int (*real)(unsigned int, int);
    if (!real) real = (int (*)(unsigned int, int))next("eventfd");
    return waking_fd = real(count, flags);
}

/* That thread need not wake to end: in gVisor two threads at once are slower than one after the other. */
ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (exit_status >= 0 && fd == waking_fd && is_over()) return (ssize_t)size;
    if (!real) real = (ssize_t(*)(int, const void *, size_t))next("write");
    return real(fd, data, size);
}

/*
 * Its end is the last thing Ruby waits for, when finalizers have been run and all has been flushed.
 * What would follow is taking the interpreter apart.
 */
int pthread_join(pthread_t thread, void **result)
{
    static int (*real)(pthread_t, void **);
    if (is_over()) exit(exit_status);
    if (!real) real = (int (*)(pthread_t, void **))next("pthread_join");
    return real(thread, result);
}

/* Where Ruby does take itself apart, it need not give its memory back page by page. */
int munmap(void *start, size_t length)
{
    static int (*real)(void *, size_t);
    if (is_leaving) return 0;
    if (!real) real = (int (*)(void *, size_t))next("munmap");
    return real(start, length);
}

__attribute__((constructor)) static void prepare(void)
{
    unsetenv("LD_PRELOAD");
    stage = BEFORE_SCRIPT;
}

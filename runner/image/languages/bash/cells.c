/*
 * A session of Bash: one cell after the other in one shell. A builtin that boot.bash loads for a
 * session only, and that never returns: it has the shell evaluate each cell as its own script's text
 * and catches what would end the shell, so that `exit`, `set -e`, an unset name or an interrupt end the
 * cell and everything else stays as it is. What it uses of Bash is exported for builtins that are
 * loaded; it is declared here as Bash 5.2 has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_FD 15
#define MESSAGE_BYTES_MAX (64 * 1024)
#define WORKSPACE "/workspace/"
#define SOURCE "/run/cell/source"
#define INPUT "/run/cell/stdin"
#define NOTHING "/dev/null"
#define SHELL_NAME "bash"
#define FRAME "cell"
#define INTERRUPT_STATUS (128 + SIGINT)

enum { WORDS = 4, NUMBER = 1, HAS_INPUT = 2, NAME = 3 };

/* As in Bash's own headers. */
enum { NOT_JUMPED = 0, DISCARD = 2 };
enum { SEVAL_NONINT = 0x001, SEVAL_NOHIST = 0x004, SEVAL_NOFREE = 0x008, SEVAL_RESETLINE = 0x010 };
enum { BUILTIN_ENABLED = 0x01, AS_DISPOSE = 0x01, EXIT_TRAP = 0 };
typedef struct word_desc { char *word; int flags; } WORD_DESC;
typedef struct word_list { struct word_list *next; WORD_DESC *word; } WORD_LIST;
struct builtin {
    char *name;
    int (*function)(WORD_LIST *);
    int flags;
    char *const *long_doc;
    const char *short_doc;
    char *handle;
};
struct variable { char *name; void *value; };

extern sigjmp_buf top_level;
extern int last_command_exit_value, interrupt_state, return_catch_flag, sourcelevel, sourcenest, evalnest, loop_level,
    breaking, continuing, funcnest, variable_context, executing_list, comsub_ignore_return, parse_and_execute_level,
    running_trap, interactive;
extern char *dollar_vars[], *trap_list[];
extern int parse_and_execute(char *text, const char *from, int flags);
extern void begin_unwind_frame(char *), run_unwind_frame(char *), run_unwind_protects(void), restore_sigmask(void);
extern struct variable *find_variable(const char *);
extern int unbind_variable(const char *);
extern void array_flush(void *);
extern void initialize_terminating_signals(void), restore_default_signal(int), sigint_sighandler(int);
extern int signal_is_trapped(int);
extern void notify_and_cleanup(void);
extern void exit_shell(int) __attribute__((noreturn));

static pid_t owner;
static struct stat control;
static volatile sig_atomic_t is_running, was_interrupted;

/* ---- interrupts ---- */

static void on_interrupt(int number)
{
    if (!is_running) return;
    was_interrupted = 1;
    sigint_sighandler(number);
}

/* Not restarted, so that what waits or reads hears of it. A trap of the cell's own takes its place. */
static void arm(void)
{
    struct sigaction ours = {.sa_handler = on_interrupt};
    sigemptyset(&ours.sa_mask);
    if (!signal_is_trapped(SIGINT)) sigaction(SIGINT, &ours, NULL);
}

/* ---- the control socket ---- */

static int is_control(void)
{
    struct stat now;
    return fstat(CONTROL_FD, &now) == 0 && now.st_dev == control.st_dev && now.st_ino == control.st_ino &&
           now.st_mode == control.st_mode;
}

static void say(const void *what, size_t length, int code_without)
{
    if (!is_control() || write(CONTROL_FD, what, length) != (ssize_t)length) _exit(code_without);
}

/* The words of the next cell; the supervisor's message is one and is not cut. */
static void hear(char *words[WORDS])
{
    static char message[MESSAGE_BYTES_MAX + 1];
    ssize_t length;
    do length = read(CONTROL_FD, message, MESSAGE_BYTES_MAX);
    while (length < 0 && errno == EINTR);
    if (length <= 0) _exit(0);
    message[length] = '\0';
    char *at = strchr(message, '\n'), *end = message + length;
    for (int i = 0; i < WORDS; i++) {
        words[i] = at && at + 1 < end ? at + 1 : end;
        at = at && at + 1 < end ? memchr(at + 1, '\0', (size_t)(end - at)) : NULL;
    }
}

/* ---- a cell ---- */

static void take_input(int has_input)
{
    int fd = open(has_input ? INPUT : NOTHING, O_RDONLY);
    if (fd > 0) {
        dup2(fd, 0);
        close(fd);
    }
    clearerr(stdin);
    if (has_input) say("I", 1, 0);
}

/* Its text, or NULL. A text that does not end its last line is given an end. */
static char *read_source(void)
{
    struct stat info;
    int fd = open(SOURCE, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) return NULL;
    char *text = malloc((size_t)info.st_size + 2);
    size_t length = 0;
    ssize_t n;
    while (text && (n = read(fd, text + length, (size_t)info.st_size - length)) > 0) length += (size_t)n;
    close(fd);
    if (text) strcpy(text + length, "\n");
    return text;
}

/* What messages begin with. */
static void take_name(const char *name)
{
    char *taken = malloc(sizeof WORKSPACE + strlen(name) + sizeof SHELL_NAME);
    if (!taken) return;
    if (*name) strcat(strcpy(taken, WORKSPACE), name);
    else strcpy(taken, SHELL_NAME);
    free(dollar_vars[0]);
    dollar_vars[0] = taken;
}

/* Undoes whatever was under way, as Bash's own loop does where a shell goes on after an error. */
static void unwind(void)
{
    run_unwind_frame(FRAME);
    interrupt_state = 0;
    loop_level = breaking = continuing = funcnest = variable_context = executing_list = 0;
    comsub_ignore_return = parse_and_execute_level = return_catch_flag = sourcelevel = sourcenest = evalnest = running_trap = 0;
    restore_sigmask();
}

/* Evaluates `text`; returns what ended it, or NOT_JUMPED when it came to its end. */
static int evaluate(char *text)
{
    sigjmp_buf outer;
    memcpy(outer, top_level, sizeof outer);
    begin_unwind_frame(FRAME);
    int jumped = sigsetjmp(top_level, 0);
    if (getpid() != owner) exit_shell(last_command_exit_value); /* a child of the cell's */
    if (jumped == NOT_JUMPED) {
        int flags = SEVAL_NONINT | SEVAL_NOHIST | SEVAL_NOFREE | SEVAL_RESETLINE;
        last_command_exit_value = parse_and_execute(text, dollar_vars[0], flags) & 0xff;
    } else if (last_command_exit_value == 0 && jumped == DISCARD) {
        last_command_exit_value = EXIT_FAILURE;
    }
    unwind();
    memcpy(top_level, outer, sizeof outer);
    return jumped;
}

/* `exit` and its like have the trap run that is set for them, once. */
static void run_exit_trap_once(void)
{
    if (!signal_is_trapped(EXIT_TRAP) || !trap_list[EXIT_TRAP]) return;
    int status = last_command_exit_value;
    char *text = strdup(trap_list[EXIT_TRAP]);
    restore_default_signal(EXIT_TRAP);
    if (text && evaluate(text) == NOT_JUMPED) last_command_exit_value = status;
    free(text);
}

static void run_cell(char *words[WORDS])
{
    char *text = read_source();
    take_name(words[NAME]);
    take_input(strcmp(words[HAS_INPUT], "input") == 0);
    if (!text) return;
    arm();
    was_interrupted = 0;
    is_running = 1;
    int jumped = evaluate(text);
    if (jumped != NOT_JUMPED && jumped != DISCARD && !was_interrupted) run_exit_trap_once();
    is_running = 0;
    interrupt_state = 0;
    if (was_interrupted) last_command_exit_value = INTERRUPT_STATUS;
    free(text);
    fflush(NULL);
}

/*
 * Nothing of the file that this was called from is to be seen in a cell, nor to be gone back to: an
 * interrupt undoes all that is under way, ours and the file's alike, and then jumps.
 */
static void forget_caller(void)
{
    sigjmp_buf ours;
    memcpy(ours, top_level, sizeof ours);
    run_unwind_protects();
    memcpy(top_level, ours, sizeof ours);
    parse_and_execute_level = 0;
    static const char *const stacks[] = {"BASH_SOURCE", "BASH_LINENO", "BASH_ARGC", "BASH_ARGV", "FUNCNAME"};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        struct variable *stack = find_variable(stacks[i]);
        if (stack && stack->value) array_flush(stack->value);
    }
    unbind_variable("__coderunner_cell");
    last_command_exit_value = 0;
    unwind();
}

static int coderunner_cells(WORD_LIST *list)
{
    char *words[WORDS] = {"", "1", "none", ""};
    for (int i = 0; i < WORDS && list; i++, list = list->next) words[i] = strdup(list->word->word);
    owner = getpid();
    if (fstat(CONTROL_FD, &control) != 0) return EXIT_FAILURE;
    initialize_terminating_signals();
    forget_caller();
    for (;;) {
        run_cell(words);
        uint8_t over[3] = {'C', was_interrupted ? 0 : (uint8_t)last_command_exit_value, was_interrupted ? SIGINT : 0};
        say(over, sizeof over, last_command_exit_value);
        hear(words);
    }
}

static char *const documentation[] = {NULL};
struct builtin coderunner_cells_struct = {"coderunner_cells", coderunner_cells, BUILTIN_ENABLED, documentation, "", NULL};

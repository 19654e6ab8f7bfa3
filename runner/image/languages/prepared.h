/* An interpreter's side of being prepared: serving the supervisor's wish for children. */
#pragma once

/*
 * What an interpreter has to do around a fork of itself: `before` once, because nothing but forks
 * comes after it here, `after_in_child` in every child.
 */
struct fork_hooks {
    void (*before)(void);
    void (*after_in_child)(void);
};

/*
 * Says that the interpreter is warm, then forks for every request of the supervisor's. Returns in
 * each child, which is its program's process by then, and never in the parent.
 */
void serve_forks(const char *version, const struct fork_hooks *hooks);

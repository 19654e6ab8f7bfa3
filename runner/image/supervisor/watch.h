/* What a job uses, and how to find and kill all of its processes. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

void watch_open(void);

/*
 * Bytes of memory the whole sandbox holds, with shared pages once: every process's own, every file
 * in a tmpfs, unlinked ones too, and every mapped page of a program or library. One system call:
 * gVisor keeps this account for the sandbox alone.
 */
uint64_t watch_held_bytes(void);

/* The same without what is only mapped from the image's files. Costs a read of /proc. */
uint64_t watch_memory_bytes(void);

/* Processor time of one process, its threads included; 0 when it is gone. */
uint64_t watch_process_cpu_us(pid_t pid);

/* Processor time of the children that a process has waited for, in steps of 10 ms. */
uint64_t watch_children_cpu_us(pid_t pid);

/* Processor time of every live process of `uid` together. */
uint64_t watch_cpu_us(uid_t uid);

/* Sends SIGKILL to every process of `uid`; returns how many there were. */
int watch_kill_all(uid_t uid);

/* The same, but for one. */
int watch_kill_others(uid_t uid, pid_t spared);

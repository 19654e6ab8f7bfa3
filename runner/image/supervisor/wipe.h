/* Removes everything a job may have left behind outside its processes. */
#pragma once

/* Empties the writable places. Returns 0, or -1 when anything stayed, there or in the kernel. */
int wipe_all(void);

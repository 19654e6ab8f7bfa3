/* Which of the headers that were compiled with the image a C++ source can be spared. */
#pragma once

#define HEADERS "/opt/coderunner/headers/"

/* A precompiled header with nothing in it that `source` does not include itself, or NULL. */
const char *header_for(const char *source);

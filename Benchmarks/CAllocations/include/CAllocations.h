#pragma once

/// Calls of malloc, calloc and realloc so far by this thread; 0 where they are not counted.
unsigned long sb_allocations(void);

// The code between clone and exec, and nothing else.
//
// The child shares the memory of a running Node (CLONE_VM) while the thread that cloned it is held (CLONE_VFORK).
// Other threads of Node go on: they may hold any lock, so nothing here may take one, allocate, or call a C library
// function that does more than trap into the kernel. glibc's setuid and its like would even signal all threads of the
// shared memory, the parent's. So: raw system calls on memory that was laid out before. A test reads this object
// file's undefined names and compares them with a list of one.
//
// The same sharing is what makes errors simple: the child leaves its step and errno in the plan, and the parent reads
// them when clone returns. No error pipe. vfork(2), clone(2).
#pragma once
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>

namespace sentry {

// The steps of a child, in order; each names the call that may fail in it.
enum class Step : int {
  none, descriptors, session, priority, oom_score_adj, limit, groups, group_id, user_id, directory, privileges, exec
};

// prlimit64's own structure: musl has no name for it.
struct ChildLimit {
  int resource;
  struct { uint64_t soft, hard; } value;
};

// How the child makes itself known to the keeper, with a pidfd of itself, before it becomes the program: so that, should
// Sentry be killed in this moment, no process runs of which nobody else knows.
struct Introduction {
  int connection;    // -1: there is no keeper
  msghdr* message;   // all but what only the child knows:
  int* descriptor;   // its pidfd, in the control part; -1 but for the time between: a child that was killed there leaves it open
  char* digits;      // its pid, at the end of the text …
  size_t* length;    // … and how much longer that gets by it
  bool made;         // the child's answer
};

// Plain memory: pointers into what plan.h owns. Everything from `begun` on is the child's answer.
struct ChildPlan {
  const int* keep;      // keep[n] becomes the child's descriptor n, -1: that one is free; all others are gone
  int keep_count;
  int* scratch;         // keep_count numbers, for the child's own use
  unsigned unshare_from;  // no descriptor of `keep` is this high

  int umask;            // -1: as it is
  bool set_nice;
  int nice;
  const char* oom_score_adj;  // the text to be written, or null …
  long oom_score_adj_length;  // … and its length: a loop that counts it would be compiled to a call of strlen
  const ChildLimit* limits;
  int limit_count;

  bool set_groups;
  const gid_t* groups;
  int group_count;
  bool set_ids;
  uid_t uid;
  gid_t gid;

  const char* cwd;
  bool no_new_privileges;
  char* listen_pid;     // where in the environment the child's own pid is written, 10 digits and a NUL; or null
  char* watchdog_pid;   // likewise

  const char* const* candidates;  // paths to execute, first one that is there wins; null-terminated
  char* const* argv;
  char* const* envp;

  Introduction introduction;
  bool* begun;          // set as soon as the child runs
  Step failed;
  int error;
  int failed_limit;     // which of `limits` was refused
};

// Runs in the child; given to clone(2). Returns only as an exit status.
int after_clone(void* child_plan) noexcept;

}  // namespace sentry

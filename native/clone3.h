// clone3(2), for the one thing that clone(2) cannot do: a child that is born in a cgroup.
//
// The child runs in our memory, on a stack of its own. So the system call returns twice, on two stacks, and on the child's
// there is nothing: no frame that could be returned to, no saved register. A function of C that called it could not go on
// in the child. That is why it is written in the machine's language: what the child needs lies in registers, which the
// kernel leaves as they are, and from the system call it goes straight into its function and from there to its end. Other
// C libraries than glibc have no function for this, and glibc's is not public.
//
// On a machine for which it is not written there are no cgroups: ENOSYS, as on a kernel before 5.3.
#pragma once
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000  // Linux 5.2
#endif

namespace sentry {

// The kernel's own structure, as of Linux 5.7: its header and the C library's may not be included together.
struct CloneArgs {
  uint64_t flags = 0;
  uint64_t pidfd = 0;
  uint64_t child_tid = 0;
  uint64_t parent_tid = 0;
  uint64_t exit_signal = 0;
  uint64_t stack = 0;  // its lowest address, unlike clone(2)'s
  uint64_t stack_size = 0;
  uint64_t tls = 0;
  uint64_t set_tid = 0;
  uint64_t set_tid_size = 0;
  uint64_t cgroup = 0;
};
static_assert(sizeof(CloneArgs) == 88);

constexpr uint64_t kCloneIntoCgroup = 0x200000000;  // CLONE_INTO_CGROUP, Linux 5.7

// The child's pid, or an errno, negative. What `function` returns is the child's exit status.
inline long clone3(const CloneArgs& args, int (*function)(void*), void* argument) noexcept {
#if defined(__x86_64__) && defined(__LP64__)
  register auto called asm("r8") = function;
  register void* given asm("r9") = argument;
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"  // for debuggers: here the stack ends
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(&args), "S"(sizeof args), "r"(called), "r"(given), [exit] "i"(SYS_exit)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register auto called asm("x9") = function;
  register void* given asm("x10") = argument;
  register long number asm("x8") = SYS_clone3;
  register long result asm("x0") = reinterpret_cast<long>(&args);
  register size_t size asm("x1") = sizeof args;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"  // for debuggers: here the stack ends
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(number), "r"(called), "r"(given), [exit] "i"(SYS_exit)
      : "cc", "memory");
  return result;
#else
  static_cast<void>(args), static_cast<void>(function), static_cast<void>(argument);
  return -ENOSYS;
#endif
}

// A child in that cgroup, with vfork semantics: this thread is held until the child has called exec, or has ended.
// `pidfd` is written before the child runs. The stack's size is a multiple of 16 bytes.
inline long clone_into(int cgroup, void* stack, size_t stack_bytes, int* pidfd, int (*function)(void*),
                       void* argument) noexcept {
  CloneArgs args;
  args.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | kCloneIntoCgroup;
  args.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<uintptr_t>(stack);
  args.stack_size = stack_bytes;
  args.cgroup = static_cast<uint64_t>(cgroup);
  return clone3(args, function, argument);
}

}  // namespace sentry

// What waitid(2) and poll(2) say of the process that a pidfd means. Nothing here blocks.
#pragma once
#include "exit.h"
#include "fd.h"

namespace sentry {

// Has it ended? Anybody may ask that who has its pidfd; only its parent, how.
bool is_over(const Fd& pidfd) noexcept;

// Looks at a child and leaves the zombie.
enum class Peek { lives, ended, not_our_child };
Peek peek(const Fd& pidfd, Exit& exit) noexcept;

// Takes the zombie away, if there is one and it is our child's.
void take_zombie(const Fd& pidfd) noexcept;

}  // namespace sentry

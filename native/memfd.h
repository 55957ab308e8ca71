// Files in memory, without a name. memfd_create(2).
//
// None of them is ever executed, and where vm.memfd_noexec is 2 the kernel makes none that could be. But a kernel before 6.3
// does not know the flag that says so.
#pragma once
#include <string_view>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// An empty one. The name is only seen in /proc. Nothing, and errno, where there is none to be had.
Fd memfd(const char* name) noexcept;

// One with this text, at its beginning, that nobody can change.
std::variant<Fd, Fault> sealed_memfd(std::string_view text);

}  // namespace sentry

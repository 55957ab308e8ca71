// For tests of what a killed Sentry leaves behind: with SENTRY_DIE_AT=point, or point:n for the n-th time, in its
// environment, this process kills itself when it gets there, as surely as a SIGKILL from outside would. Otherwise it is
// one comparison. docs/survival.md lists the points; those of TypeScript are in src/engine/die-at.ts.
#pragma once

namespace sentry {

void die_at(const char* point) noexcept;

}  // namespace sentry

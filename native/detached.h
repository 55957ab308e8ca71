// A thread that nobody waits for: what it does may never come to an end. It has all signals blocked, and must own all that
// it uses. False where the machine has no thread to give: std::thread would end the process.
#pragma once
#include <functional>

namespace sentry {

bool run_detached(std::function<void()> body);

}  // namespace sentry

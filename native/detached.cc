#include "detached.h"

#include <pthread.h>

#include <memory>

#include "signals_blocked.h"

namespace sentry {

bool run_detached(std::function<void()> body) {
  const SignalsBlocked blocked;
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
  const auto run = [](void* function) -> void* {
    const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(function));
    (*owned)();
    return nullptr;
  };
  pthread_t thread;
  if (pthread_create(&thread, nullptr, run, owned.get()) != 0) return false;
  pthread_detach(thread);
  static_cast<void>(owned.release());
  return true;
}

}  // namespace sentry

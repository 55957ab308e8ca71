// Values in, values out: JavaScript's objects as the structs of this side, and back. With addon.cc the only file that
// knows napi.h. What each field means, and in what units, is written once, in src/native/addon.ts.
#pragma once
#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "fault.h"
#include "host.h"
#include "keeper_link.h"
#include "log_file.h"
#include "proc.h"
#include "sockets.h"

namespace sentry {

// In.
int integer(const Napi::Value& value);
int64_t long_integer(const Napi::Value& value);
std::optional<int> integer_or_null(const Napi::Value& value);
std::optional<std::string> text_or_null(const Napi::Value& value);
// Of text that has a character for each byte (latin1): output is not always UTF-8, and comes back as it was.
std::string bytes_of(const Napi::Value& text);
Scope scope_of(const Napi::Value& value);
std::vector<std::string> texts(const Napi::Value& list);
std::vector<int> integers(const Napi::Value& list);
Request request_of(const Napi::Object& object);
Adopted adopted_of(const Napi::Object& object);
Intake intake_of(const Napi::Object& object);
LogFile log_file_of(const Napi::Object& object);
UnixListener listener_of(std::string path, const Napi::Object& object);
std::vector<Root> roots_of(const Napi::Value& list);
// Null: nothing is inherited.
Host::Inherited inherited_of(const Napi::Value& value);

// Out.
std::string words(int error);  // as a part of a sentence: "no such file or directory"
// Why something is missing; null where nothing is.
Napi::Value reason_or_null(Napi::Env env, const std::optional<Fault>& fault);
Napi::Error fault_error(Napi::Env env, const Fault& fault);
void throw_fault(Napi::Env env, const Fault& fault);
Napi::Array facts_array(Napi::Env env, const std::vector<Fact>& facts);
Napi::Array consumption_array(Napi::Env env, const std::vector<std::optional<Consumption>>& found);
Napi::Object reopened_object(Napi::Env env, int files, const std::vector<Fault>& faults);
Napi::Object socket_object(Napi::Env env, const UnixListener& listener);
// These let go of the descriptors: they are JavaScript's from here on. The signals stay with whoever has `left`.
Napi::Array held_array(Napi::Env env, std::vector<Held>& held);
Napi::Object detached_object(Napi::Env env, Host::Left& left);

}  // namespace sentry

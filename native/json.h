// Bytes as JSON has them (RFC 8259). What is UTF-8 stays as it is, but for what a string must escape: so a line costs
// little more than its copy. DEL and U+2028 need no escape.
//
// UTF-8 is taken strictly, as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Otherwise some
// reader would refuse the line, or put U+FFFD in the place of what was printed. A piece of a longer line may begin or
// end within a character; then it is not UTF-8 either, and only all pieces together are the text.
#pragma once
#include <string>
#include <string_view>

namespace sentry {

// `"text":"…"`, or `"base64":"…"` (RFC 4648, padded) where the bytes are not UTF-8.
void append_json_bytes(std::string& json, std::string_view bytes);

// `"…"`. Where the bytes are not UTF-8 nothing is appended, and it is false.
bool append_json_string(std::string& json, std::string_view bytes);

}  // namespace sentry

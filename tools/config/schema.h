// What config.proto says of a setting, read off its descriptor. Inside dure_config only: pulls in protobuf.
#pragma once
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/proto/config.pb.h"

namespace dure {

using SettingField = google::protobuf::FieldDescriptor;

const proto::Setting& setting_of(const SettingField& field);
// The message with every default, those of its sections too.
void set_defaults(google::protobuf::Message* message);
// "1024..65536 (largest client frame after login)".
std::string allowed_text(const SettingField& field);
// Whether a text has the form a setting wants.
bool has_form(proto::Form form, std::string_view text);
// Whether a section or setting concerns this role; kNone asks for every role.
bool concerns(const SettingField& field, Role role);

// "127.0.0.1:7001", "tcp://[::1]:17001" → host and port; port 0: it names none.
struct HostPort {
  std::string host;
  unsigned port = 0;
};
HostPort split_host_port(std::string_view text);
bool is_loopback(const HostPort& address);

}  // namespace dure

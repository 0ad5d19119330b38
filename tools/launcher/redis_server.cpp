#include "tools/launcher/redis_server.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace dure {
namespace {

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string file = folder + "/" + name; access(file.c_str(), X_OK) == 0) return file;
  return {};
}

}  // namespace

Result<ChildCommand> redis_command(const std::string& address, const std::string& data_dir) {
  ChildCommand command;
  command.program = find_program("redis-server");
  if (command.program.empty()) command.program = find_program("redis-check-rdb");
  if (command.program.empty())
    return fail(Trouble::kInvalid, "no redis-server and no redis-check-rdb in PATH (package redis-tools)");
  command.arguments = {"redis-server", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", data_dir};
  const auto add = [&command](std::initializer_list<const char*> more) {
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  };
  if (address.starts_with("unix:")) {
    add({"--port", "0", "--unixsocket", address.c_str() + 5});
  } else {
    const auto colon = address.rfind(':');
    add({"--bind", address.substr(0, colon).c_str(), "--port", address.c_str() + colon + 1});
  }
  command.log_path = data_dir + "/logs/redis.log";
  return command;
}

}  // namespace dure

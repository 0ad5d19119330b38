#include "tests/process/cluster_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dure::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(50);

}  // namespace

// Below the range that the kernel gives to connections, so that no client of another test sits on it meanwhile;
// processes begin at different places.
int free_port() {
  static int next = 20000 + ::getpid() % 500 * 20;
  for (int tries = 0; tries < 1000; ++tries, ++next) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(next));
    const bool is_free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (is_free) return next++;
  }
  throw std::runtime_error("no free port");
}

namespace {

pid_t start(const std::string& program, const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
  ::setpgid(0, 0);
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

// -1: still running at the deadline.
int reap(pid_t pid, Clock::time_point deadline) {
  for (;;) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (Clock::now() >= deadline) return -1;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

Finished run_dure(const std::vector<std::string>& arguments, std::chrono::seconds limit) {
  std::string pattern = (std::filesystem::temp_directory_path() / "dure-run-XXXXXX").string();
  const int fd = ::mkstemp(pattern.data());
  ::close(fd);
  const pid_t pid = start(DURE_PROGRAM, arguments, pattern);
  Finished finished;
  finished.exit_code = reap(pid, Clock::now() + limit);
  if (finished.exit_code < 0) {
    ::kill(-pid, SIGKILL);
    finished.exit_code = reap(pid, Clock::now() + std::chrono::seconds(5));
  }
  finished.output = text_of(pattern);
  std::filesystem::remove(pattern);
  return finished;
}

RunningDure::RunningDure(const std::vector<std::string>& arguments, const std::string& output)
    : pid_(start(DURE_PROGRAM, arguments, output)) {}

RunningDure::~RunningDure() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  (void)reap(pid_, Clock::now() + std::chrono::seconds(5));
}

bool RunningDure::runs() {
  if (pid_ > 0 && reap(pid_, Clock::now()) >= 0) pid_ = -1;
  return pid_ > 0;
}

int RunningDure::stop(std::chrono::seconds limit) {
  if (pid_ <= 0) return -1;  // to kill -1 is to kill everything
  ::kill(pid_, SIGTERM);
  const int code = reap(pid_, Clock::now() + limit);
  if (code >= 0) pid_ = -1;
  return code;
}

ClusterProcess::ClusterProcess(const std::string& config_name, Program program)
    : program_(program == Program::kDure ? DURE_PROGRAM : DURE_PROGRAM_WITHOUT_GAME) {
  std::string pattern = (std::filesystem::temp_directory_path() / "dure-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  config_ = path("cluster.toml");
  output_file_ = path("output");
  std::string text = text_of(std::string(DURE_SOURCE_DIR) + "/configs/" + config_name);
  std::map<std::string, int> ports;  // the same old port becomes the same new one
  const std::regex port("127\\.0\\.0\\.1:(\\d+)");
  std::string moved;
  auto from = text.cbegin();
  for (std::sregex_iterator at(text.begin(), text.end(), port), end; at != end; ++at) {
    int& mine = ports[(*at)[1].str()];
    if (mine == 0) mine = free_port();
    moved.append(from, (*at)[0].first);
    moved += "127.0.0.1:" + std::to_string(mine);
    from = (*at)[0].second;
  }
  moved.append(from, text.cend());
  moved = std::regex_replace(moved, std::regex("data_dir = \"[^\"]*\""), "data_dir = \"" + path("data") + "\"");
  moved = std::regex_replace(moved, std::regex("key_file = \"configs/"),
                             "key_file = \"" + std::string(DURE_SOURCE_DIR) + "/configs/");
  std::ofstream(config_) << moved;
}

ClusterProcess::~ClusterProcess() {
  if (pid_ > 0 && stop() < 0) {
    ::kill(-pid_, SIGKILL);
    (void)reap(pid_, Clock::now() + std::chrono::seconds(5));
  }
  shut_terminal();
  std::filesystem::remove_all(folder_);
}

std::vector<std::string> ClusterProcess::up_arguments(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"up", "--config", config_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

void ClusterProcess::up(const std::vector<std::string>& arguments) {
  pid_ = start(program_, up_arguments(arguments), output_file_);
}

void ClusterProcess::up_on_terminal(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = up_arguments(arguments);
  std::vector<char*> argv{program_.data()};
  for (auto& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 60;
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ == 0) {
    ::execv(program_.c_str(), argv.data());
    ::_exit(127);
  }
  ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
  ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
}

void ClusterProcess::type(const std::string& keys) {
  if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("the terminal takes nothing");
}

void ClusterProcess::shut_terminal() {
  if (terminal_ >= 0) ::close(terminal_);
  terminal_ = -1;
}

std::string ClusterProcess::output() {
  char some[4096];
  for (ssize_t size; terminal_ >= 0 && (size = ::read(terminal_, some, sizeof some)) > 0;)
    on_terminal_.append(some, static_cast<std::size_t>(size));
  return on_terminal_.empty() ? text_of(output_file_) : on_terminal_;
}

// A terminal that nobody reads would hold up who writes to it.
int ClusterProcess::reap_draining(Clock::time_point deadline) {
  int code = -1;
  do {
    (void)output();
    code = reap(pid_, std::min(deadline, Clock::now() + kLook));
  } while (code < 0 && Clock::now() < deadline);
  return code;
}

std::string ClusterProcess::sanitizer_reports() {
  std::string reports;
  const auto look = [&reports](const std::string& name, const std::string& text) {
    const std::regex said("==\\d+==ERROR|WARNING: ThreadSanitizer|runtime error:");
    std::smatch found;
    if (std::regex_search(text, found, said)) reports += name + ":\n" + text.substr(found.position(), 8000) + "\n";
  };
  look("up", output());
  std::error_code none;
  for (const auto& log : std::filesystem::directory_iterator(path("data/logs"), none))
    look(log.path().filename(), text_of(log.path()));
  return reports;
}

bool ClusterProcess::printed(const std::string& text, std::chrono::seconds limit) {
  for (const auto deadline = Clock::now() + limit; Clock::now() < deadline; std::this_thread::sleep_for(kLook)) {
    if (output().find(text) != std::string::npos) return true;
    if (::kill(pid_, 0) != 0) return false;
  }
  return false;
}

int ClusterProcess::wait(std::chrono::seconds limit) {
  const int code = reap_draining(Clock::now() + limit);
  if (code >= 0) pid_ = -1;
  return code;
}

int ClusterProcess::enough(std::chrono::seconds limit) {
  int bots = 0;
  for (const auto deadline = Clock::now() + limit; (bots = pid_of("bots")) == 0 && Clock::now() < deadline;)
    std::this_thread::sleep_for(kLook);  // the table is printed every few seconds
  if (bots == 0 || ::kill(bots, SIGTERM) != 0) return -1;
  return wait(limit);
}

int ClusterProcess::stop(std::chrono::seconds limit) {
  ::kill(pid_, SIGTERM);
  return wait(limit);
}

nlohmann::json ClusterProcess::status() {
  const Finished asked = run_dure({"status", "--json", "--config", config_}, std::chrono::seconds(5));
  return nlohmann::json::parse(asked.output, nullptr, false);
}

int ClusterProcess::pid_of(const std::string& name) {
  if (const auto now = status(); !now.is_discarded())
    for (const auto& node : now)
      if (node["node"] == name && node["pid"].is_number()) return node["pid"];
  int pid = 0;
  const std::string text = output();
  const std::regex row("(^|\n)" + name + " +[a-z]+ +([0-9]+) ");
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) pid = std::stoi((*at)[2]);
  return pid;
}

std::vector<std::string> ClusterProcess::still_running() const {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string line = text_of(entry.path() / "cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(folder_) != std::string::npos) lines.push_back(entry.path().filename().string() + " " + line);
  }
  return lines;
}

bool ClusterProcess::until(std::chrono::seconds limit, const std::function<bool(const nlohmann::json&)>& condition) {
  for (const auto deadline = Clock::now() + limit; Clock::now() < deadline; std::this_thread::sleep_for(kLook)) {
    const auto now = status();
    if (!now.is_discarded() && condition(now)) return true;
  }
  return false;
}

bool ClusterProcess::until_players(int least, std::chrono::seconds limit) {
  return until(limit, [least](const nlohmann::json& status) {
    int players = 0;
    for (const auto& node : status)
      if ((node["role"] == "general" || node["role"] == "dungeon") && node["players"].is_number())
        players += node["players"].get<int>();
    return players >= least;
  });
}

nlohmann::json ClusterProcess::report(const std::string& name) {
  return nlohmann::json::parse(text_of(path(name)), nullptr, false);
}

}  // namespace dure::test

#!/usr/bin/env python3
"""nginx with nchan as a peer of the benchmarks: one channel, published to at /publish and followed
as an event stream at /follow. Prints its URL, and serves until its standard input ends. It takes
the command line of the other servers, of which nothing applies to it."""

import os
import socket
import subprocess
import sys
import tempfile
import time

MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so"

# One worker, as the other servers have one thread.
CONFIGURATION = """\
load_module %(module)s;
%(user)s
daemon off;
master_process off;
pid %(folder)s/pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 128M;
  server {
    listen 127.0.0.1:%(port)d backlog=4096;
    location = /publish {
      nchan_publisher;
      nchan_channel_id feed;
      nchan_message_buffer_length 1000;
    }
    location = /follow {
      nchan_subscriber eventsource;
      nchan_channel_id feed;
      nchan_subscriber_first_message newest;
    }
  }
}
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(port, nginx):
    while nginx.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.01)
    return False


def main():
    if not os.path.exists(MODULE):
        sys.exit("%s is not there: tools/setup --bench installs it" % MODULE)
    with tempfile.TemporaryDirectory(prefix="runnel-bench-") as folder:
        port = free_port()
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w") as out:
            # Otherwise root's nginx gives its folders to nobody, who may not be there.
            user = "user root root;" if os.geteuid() == 0 else ""
            out.write(CONFIGURATION % {"module": MODULE, "user": user, "folder": folder,
                                       "port": port})
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-c", configuration],
                                 stdin=subprocess.DEVNULL)
        if not wait_for(port, nginx):
            sys.exit("nginx ended with exit code %d" % nginx.returncode)
        print("http://127.0.0.1:%d" % port, flush=True)
        sys.stdin.read()
        nginx.terminate()
        nginx.wait()


if __name__ == "__main__":
    main()

// SPDX-License-Identifier: Apache-2.0
// Places that are apart: a network namespace for the servers and one for each who calls, with a cable between. What a
// firewall, a thunderstorm or another hotspot does to a cable is done at its far end, so that nobody here is told of it.
// Needs root and `ip` (iproute2).
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const NAME = /^shanqiao-(\d+)-/;
const ip = (...argv) => execFileSync('ip', argv, { encoding: 'utf8' });
const inside = (netns, ...argv) => ip('-n', netns, ...argv);

/** Why there can be none here. */
export const NO_PLACES = process.getuid() !== 0 && 'network namespaces need root';

/** All of a former run that was killed. */
function removeLeftovers() {
    for (const line of ip('netns', 'list').split('\n')) {
        const found = NAME.exec(line);
        if (found && !existsSync(`/proc/${found[1]}`)) ip('netns', 'delete', line.split(' ')[0]);
    }
}

/** Addresses of 198.18.0.0/15, which no network uses (RFC 2544); another /24 for each process. */
export class Places {
    constructor() {
        removeLeftovers();
        this.names = [];
        this.cables = 0;
        this.net = `198.18.${process.pid % 256}`;
        this.address = `${this.net}.1`; // of the servers
        this.second = `${this.net}.2`; // theirs too: another host for who looks at addresses
        process.on('exit', () => this.remove());
        this.servers = this.add('servers');
        for (const address of [this.address, this.second]) inside(this.servers, 'address', 'add', `${address}/32`, 'dev', 'lo');
        const { near, far } = this.pair();
        ip('link', 'add', `shanqiao${process.pid}`, 'type', 'veth', 'peer', 'name', 'test', 'netns', this.servers); // for the test itself
        ip('address', 'add', `${near}/30`, 'dev', `shanqiao${process.pid}`);
        ip('link', 'set', `shanqiao${process.pid}`, 'up');
        inside(this.servers, 'address', 'add', `${far}/30`, 'dev', 'test');
        inside(this.servers, 'link', 'set', 'test', 'up');
        ip('route', 'add', `${this.net}.0/30`, 'via', far);
    }

    /** A place with a cable to the servers; returns the name of its namespace. */
    connect(name) {
        const netns = this.add(name);
        ip('link', 'add', 'cable', 'netns', netns, 'type', 'veth', 'peer', 'name', name, 'netns', this.servers);
        inside(this.servers, 'link', 'set', name, 'up');
        inside(netns, 'link', 'set', 'cable', 'up');
        this.readdress(name);
        return netns;
    }

    /** The address of a place is another from now on, as after a change of hotspots. */
    readdress(name) {
        const { near, far } = this.pair();
        inside(this.servers, 'address', 'flush', 'dev', name);
        inside(this.of(name), 'address', 'flush', 'dev', 'cable');
        inside(this.servers, 'address', 'add', `${far}/30`, 'dev', name);
        inside(this.of(name), 'address', 'add', `${near}/30`, 'dev', 'cable');
        inside(this.of(name), 'route', 'add', 'default', 'via', far);
        // who asks for it is no IP, and so passes no rule of allow()
        const [{ address }] = JSON.parse(inside(this.servers, '-json', 'link', 'show', name));
        inside(this.of(name), 'neighbour', 'replace', far, 'lladdr', address, 'dev', 'cable', 'nud', 'permanent');
    }

    /** The plug is drawn; who is there sees that. */
    unplug(name) {
        inside(this.servers, 'link', 'set', name, 'down');
    }

    plug(name) {
        inside(this.servers, 'link', 'set', name, 'up');
    }

    /** Nothing of a place gets through but what is named ('ipproto tcp dport 443'); what does not vanishes in silence. */
    allow(name, ...passes) {
        for (const what of passes) inside(this.servers, 'rule', 'add', 'pref', '8', 'iif', name, ...what.split(' '), 'lookup', 'local');
        inside(this.servers, 'rule', 'add', 'pref', '10', 'iif', name, 'blackhole');
    }

    /** Nothing comes and nothing goes, and nobody is told: a road further on is closed. */
    cut(name) {
        this.allow(name);
        inside(this.of(name), 'rule', 'add', 'pref', '10', 'iif', 'cable', 'blackhole');
    }

    /** All gets through again. */
    open(name) {
        for (const [netns, iif] of [[this.servers, name], [this.of(name), 'cable']])
            for (const rule of JSON.parse(inside(netns, '-json', 'rule', 'list')).filter((r) => r.iif === iif))
                inside(netns, 'rule', 'delete', 'pref', String(rule.priority), 'iif', iif);
    }

    /** Everything is as it was before; also when called twice. */
    remove() {
        for (const netns of this.names.splice(0)) ip('netns', 'delete', netns);
    }

    of(name) {
        return `shanqiao-${process.pid}-${name}`;
    }

    add(name) {
        const netns = this.of(name);
        ip('netns', 'add', netns);
        this.names.push(netns);
        inside(netns, 'link', 'set', 'lo', 'up');
        // a rule of a firewall goes before the table of own addresses, which is asked first otherwise
        inside(netns, 'rule', 'add', 'pref', '100', 'lookup', 'local');
        inside(netns, 'rule', 'delete', 'pref', '0');
        return netns;
    }

    /** Two addresses that nothing had before. */
    pair() {
        const first = ++this.cables * 4;
        return { far: `${this.net}.${first + 1}`, near: `${this.net}.${first + 2}` };
    }
}

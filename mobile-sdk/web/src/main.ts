import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { house } from './state/house.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
house.start();
mount(App, { target });
